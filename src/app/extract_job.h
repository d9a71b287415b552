// Extraction from options to predictions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/options.h"
#include "task/prediction_table.h"

namespace relatum::app {

struct ExtractOptions {
  MachineOptions machine;
  ModelOptions model;
  DataOptions data;
  std::string adapter, prompt, index, embedder, input, out = "-", answer = "scored";
  std::string format;            ///< empty: by the ending of `out`
  std::optional<std::string> negative;
  int64_t neighbours = 0;        ///< 0: as the run was trained, else 1
  int64_t max_new_tokens = 32, batch_tokens = 2048;
  double negligible = 0, min_probability = 0;
  bool scores = false, chat = false, force = false, overwrite = false;
  bool no_index = false;         ///< do without the run's index
  bool skip_negative = false;    ///< leave answers of the negative label out of the output
};

/// The format that --format or --out ask for. Throws Error where other options exclude it.
task::PredictionFormat extract_format(const ExtractOptions& options);
/// The label that --skip-negative leaves out: the one of --negative, the run's, or the usual one.
/// Throws Error where `labels` lacks it, or there is none. Nothing without --skip-negative.
std::optional<std::string> skipped_label(const ExtractOptions& options, const task::Labels& labels,
                                         const std::string& of_run);

/// Writes predictions and, beside a file, a record of the options. Gives the exit status.
int extract(const ExtractOptions& options, Environment& environment);

}  // namespace relatum::app
