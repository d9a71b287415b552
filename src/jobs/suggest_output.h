// Where suggestions are written: Label Studio's tasks, a folder of brat's files, or JSON lines.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "jobs/output_path.h"
#include "jobs/suggest.h"
#include "jobs/suggest_units.h"
#include "task/labels.h"

namespace relatum::jobs {

/// What all suggestions of a file share.
struct SuggestedWith {
  const task::Labels& labels;
  std::optional<std::string> negative;
  std::vector<std::string> types;  ///< of entities, that the run knows
  std::string model;               ///< hash of what answered
  task::Uncertainty by;
};

/// "labelstudio", "brat" or "jsonl": as asked for, else by the ending of `out`: .json, .jsonl, or
/// none for a folder. Throws Error where that tells nothing.
std::string suggest_format(const SuggestOptions& options);
/// Throws Error where the output cannot be written or may not be replaced. Creates nothing.
void check_suggest_output(const SuggestOptions& options, const CommandInputs& inputs,
                          const Host& host);
/// A folder that is there and has space for what the output has space for.
std::filesystem::path scratch_folder(const SuggestOptions& options);

/// Writes the chosen units with the model's answers, whole or not at all. Throws Error.
void write_suggestions(const SuggestOptions& options, const SuggestUnits& units,
                       std::span<const size_t> chosen, const SuggestedWith& with, const Host& host);

}  // namespace relatum::jobs
