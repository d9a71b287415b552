// The sentences to answer, and the prompts that ask for them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/extract_setup.h"
#include "app/retrieval.h"
#include "engine/session.h"
#include "task/load.h"
#include "task/prompt.h"

namespace relatum::app {

/// Loads the data and settles the labels that can be answered: --labels, else the run's, else the
/// index's, else the data's own. Gold labels are not needed: those that cannot be answered are
/// taken away, counted, and told in one warning.
task::Dataset load_extract_data(const ExtractOptions& options, const ExtractSetup& setup,
                                Environment& environment);

/// Prompts of the rows that fit the model's context; the others are told.
struct ExtractPrompts {
  std::vector<task::Prompt> prompts;
  std::vector<size_t> rows;  ///< per prompt: which example it is of
  Retrieved neighbours;      ///< of all examples
  std::string index_hash;
  int64_t too_long = 0;
};

/// Throws Error for a row that is too long, unless --skip-bad-rows is given.
ExtractPrompts make_extract_prompts(const ExtractOptions& options, const ExtractSetup& setup,
                                    const task::Dataset& data,
                                    const task::PromptRenderer& renderer,
                                    const engine::Session& session, Environment& environment);

}  // namespace relatum::app
