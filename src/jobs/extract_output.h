// Where an extraction writes: a part that grows and can be gone on with, or the host's output.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/part_file.h"
#include "base/stopwatch.h"
#include "jobs/extract_setup.h"
#include "jobs/output_path.h"
#include "task/prediction.h"
#include "task/prediction_table.h"

namespace relatum::jobs {

/// How far an extraction is.
struct ExtractProgress {
  int64_t rows = 0;      ///< written, or left out by the filter
  int64_t left_out = 0;  ///< by the filter
  int64_t without_label = 0, too_long = 0, overlap = 0;
  double seconds = 0;  ///< of this run and those that it goes on from
};

/// A named value that decides what is written; a run that goes on has to have the same.
using ExtractIdentity = std::vector<std::pair<std::string, std::string>>;

/// What an extraction reads: data, labels, models, adapters, indexes.
CommandInputs inputs_of(const ExtractOptions& options, std::span<const NamedSetup> setups,
                        const Host& host);
/// Throws Error where the output cannot be written, is read by the command, is there already
/// without being replaced or gone on with, or there is nothing to go on with. Creates nothing.
void check_extract_output(const ExtractOptions& options, std::span<const NamedSetup> setups,
                          const Host& host);
/// Whether an unfinished extraction to this file is there.
bool has_extract_state(const std::filesystem::path& out);

class ExtractOutput {
 public:
  /// Opens the part, or goes on with the one that is there: then `identity` must be what it was
  /// begun with. Throws Error that names the value that differs.
  ExtractOutput(const ExtractOptions& options, const task::PredictionFilter& filter,
                ExtractIdentity identity, const Host& host);
  /// Leaves the part behind, or removes one of which nothing was saved.
  ~ExtractOutput();
  ExtractOutput(const ExtractOutput&) = delete;
  ExtractOutput& operator=(const ExtractOutput&) = delete;

  const ExtractProgress& progress() const { return progress_; }
  ExtractProgress& progress() { return progress_; }
  /// Appends predictions of the next examples, and from time to time saves how far it is.
  void write(std::span<const task::Example> examples,
             std::span<const task::Prediction> predictions);
  /// Makes durable what was written, so that it can be gone on with.
  void save();
  /// The output is whole: its part takes its name, and `record` is written beside it.
  void finish(const nlohmann::json& record);

 private:
  void put(std::string_view rows);
  double seconds() const;

  const ExtractOptions& options_;
  const Host& host_;
  task::PredictionFormat format_;
  task::PredictionFilter filter_;
  ExtractIdentity identity_;
  std::string header_;  // not yet written
  ExtractProgress progress_;
  std::optional<PartFile> part_;  // nothing: the host's output
  Stopwatch running_, since_saved_;
  double seconds_before_ = 0;
  double save_after_ = 0.5;  // seconds of work that a killed process may lose
  bool kept_ = false;        // the part can be gone on with, or is whole
};

}  // namespace relatum::jobs
