// What a run says of how its adapter is to be used, and what the user says otherwise.
#pragma once

#include <optional>
#include <string>

#include "jobs/extract_options.h"
#include "jobs/run_record.h"
#include "task/answer_words.h"
#include "task/prompt.h"

namespace relatum::jobs {

/// Everything that is settled before data or models are opened.
struct ExtractSetup {
  std::optional<RunInfo> run;  ///< nothing: no adapter, or one without run.json
  std::string prompt;          ///< the style's name
  task::PromptStyle style;
  std::string model, models;  ///< name or path of the base, and where named ones lie
  std::string base;
  std::string index;     ///< folder; empty: no retrieval
  std::string embedder;  ///< empty: the one that the index names
  bool chat = false;
  int64_t neighbours = 1;
  std::optional<task::Labels> labels;      ///< that the run was trained with
  std::optional<task::AnswerWords> words;  ///< that it was trained to answer
};

/// Reads the run's files. What the run was trained with decides, unless the user says otherwise;
/// what would give other answers without a word is an Error that `--force` turns into a warning.
ExtractSetup settle_extract(const ExtractOptions& options, const Host& host);

/// The base alone, with the forms and names that run and options give it (setup.run is settled).
void settle_model(const ExtractOptions& options, const Context& context, ExtractSetup& setup);

/// The answer words of an inventory: those that the run was trained with where it knows the label.
/// One warning for labels that it does not know.
std::vector<std::string> words_for(const ExtractSetup& setup, const task::Labels& labels,
                                   const Context& context);

}  // namespace relatum::jobs
