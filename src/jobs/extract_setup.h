// What a run says of how its adapter is to be used, and what the user says otherwise.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "jobs/extract_options.h"
#include "jobs/retrieval.h"
#include "jobs/run_calibration.h"
#include "jobs/run_record.h"
#include "task/answer_words.h"
#include "task/example.h"
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
  ExampleChoice examples;                     ///< that prompts show, of the index
  std::optional<task::Labels> labels;         ///< that the run was trained with
  std::optional<task::AnswerWords> words;     ///< that it was trained to answer
  std::optional<RunCalibration> calibration;  ///< of its probabilities, unless it is to be left off
};

/// Reads the run's files. What the run was trained with decides, unless the user says otherwise;
/// what would give other answers without a word is an Error that `--force` turns into a warning.
ExtractSetup settle_extract(const ExtractOptions& options, const Host& host);

/// Throws Error for options that a classifier knows nothing of: it reads a sentence in one way, and
/// answers with labels in one.
void check_classified(const ExtractOptions& options);

struct FoundIndex {
  std::filesystem::path path;  ///< empty: nowhere
  std::string missing;         ///< what was seen instead, behind "the index"
};
/// Where the index of the run in `folder` lies: as it was named, which is relative to another
/// working directory perhaps, or where it lay then, or beside the run, where both were moved.
FoundIndex find_index(const std::filesystem::path& folder, const RunInfo& run);

/// The base alone, with the forms and names that run and options give it (setup.run is settled).
void settle_model(const ExtractOptions& options, const Context& context, ExtractSetup& setup);

/// One of an extraction's adapters, or its only one, or none.
struct NamedSetup {
  std::string name;        ///< that rows give; empty: it answers all rows
  ExtractOptions options;  ///< with its folder as the only adapter
  ExtractSetup setup;

  /// "the adapter", or "the adapter 'NAME'", for a sentence.
  std::string title() const;
};

/// settle_extract() of each adapter that the options name, in their order, or of the only one.
/// Several share a base: the one that is given, else the one of the first adapter that has a
/// record, for those that have none, too. Throws Error for a run that has a model of its own.
std::vector<NamedSetup> settle_adapters(const ExtractOptions& options, const Host& host);

/// Which of them answers a row: the one that it names, or the only one. Throws Error for a name
/// that none has.
size_t place_of(std::span<const NamedSetup> setups, const task::Example& example);

/// An inventory with the descriptions that the run was trained with, where it has none of its own.
task::Labels described_for(const ExtractSetup& setup, const task::Labels& labels);

/// The answer words of an inventory: those that the run was trained with where it knows the label.
/// One warning for labels that it does not know; `title` names the adapter there.
std::vector<std::string> words_for(const ExtractSetup& setup, const task::Labels& labels,
                                   const Context& context,
                                   const std::string& title = "the adapter");

}  // namespace relatum::jobs
