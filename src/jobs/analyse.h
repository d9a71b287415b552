// Failure analysis and doubtful labels: predictions beside data and, where there is one, an index.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "jobs/choices.h"
#include "jobs/host.h"
#include "task/analysis.h"
#include "task/label_noise.h"

namespace relatum::jobs {

struct AnalyseOptions {
  DataChoice data;
  std::string input, predictions;
  std::string index, embedder, models;  ///< folder; empty: nothing retrieved is looked at
  std::string train;                    ///< SPEC that cue words are counted in
  std::optional<std::string> negative;
  bool missing_is_wrong = false;
  int64_t sentences = 3;
  int64_t neighbours = 10;  ///< of a row whose label is doubted
};

/// The nearest examples are those that the predictions name, or, where these name none, those that
/// the index finds as extract would. Cue words are counted in `train`, else in the index's
/// examples, else in the data. Throws Error.
task::Analysis analyse(const AnalyseOptions& options, const Host& host);
/// The same of data and predictions that were read already.
task::Analysis analyse(const AnalyseOptions& options, const task::Dataset& data,
                       std::span<const task::Prediction> predictions, const Host& host);

/// All rows of the data, the most doubtful label first. Neighbours are found in the index, never of
/// a row's own text. Throws Error where no index is named.
std::vector<task::DoubtfulRow> find_label_noise(const AnalyseOptions& options, const Host& host);

}  // namespace relatum::jobs
