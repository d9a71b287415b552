// Prompts of a block of rows, and whether they fit the model.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/session.h"
#include "jobs/retrieval.h"
#include "task/prompt.h"

namespace relatum::jobs {

/// How long a prompt with its answer may be, and what is done with one that is longer.
struct LengthLimit {
  int64_t context = 0;  ///< tokens of the model
  int64_t answer = 0;   ///< of the longest answer
  bool chat = false;    ///< prompts are wrapped in the model's chat template
  bool skip = false;    ///< such a row is left out; else it is an Error
  std::string file;     ///< what stands before a line's number; empty: rows are of no file
};

/// How an adapter's rows become prompts, and how long those may be.
struct PromptMaker {
  const task::PromptRenderer* renderer = nullptr;
  const LengthLimit* limit = nullptr;
};

/// Prompts of the rows that fit; the others are counted.
struct ExtractPrompts {
  std::vector<task::Prompt> prompts;
  std::vector<uint32_t> adapters;  ///< per prompt: the place of the maker
  std::vector<size_t> rows;        ///< per prompt: which example it is of
  int64_t too_long = 0;
  std::string first_too_long;  ///< a sentence without its end; empty where there is none
};

/// Examples, and per example the place of its maker.
struct RowsOfMakers {
  std::span<const task::Example> examples;
  std::span<const uint32_t> makers;
};

/// Renders examples with their neighbours. Throws Error that names the first row that is too long,
/// unless such rows are left out.
ExtractPrompts make_prompts(const engine::Session& session, std::span<const PromptMaker> makers,
                            const RowsOfMakers& rows, const Retrieved& neighbours);
/// The same with one maker for all.
ExtractPrompts make_prompts(const engine::Session& session, const task::PromptRenderer& renderer,
                            std::span<const task::Example> examples, const Retrieved& neighbours,
                            const LengthLimit& limit);

}  // namespace relatum::jobs
