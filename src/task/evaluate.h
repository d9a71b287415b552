// Joins predictions to gold labels by id and computes every figure of the report.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "task/confusion.h"
#include "task/load.h"
#include "task/prediction.h"

namespace relatum::task {

struct EvaluateOptions {
  std::optional<std::string> negative;  ///< instead of no_relation or Other
  bool missing_is_wrong = false;        ///< count an example without a prediction as unparsed
  int64_t samples = 1000;               ///< of the bootstrap; 0: no interval
  uint64_t seed = 1;
};

struct LabelReport {
  std::string label;
  Scores scores;
  int64_t support = 0, predicted = 0;
};

/// One kind of mistake; `predicted` empty: unparsed.
struct ConfusedPair {
  std::string gold, predicted;
  int64_t count = 0;
};

/// Percentile bootstrap of the official F1.
struct Interval {
  double low = 0, high = 0, level = 0.95;
  int64_t samples = 0;
};

/// Predictions whose probability lies in [low, high).
struct CalibrationBin {
  double low = 0, high = 0, mean_probability = 0, accuracy = 0;
  int64_t count = 0;
};

struct Calibration {
  std::vector<CalibrationBin> bins;  ///< ten of equal width
  int64_t count = 0;                 ///< predictions that have a probability
  double expected_error = 0;         ///< sum of count/total · |accuracy - mean probability|
};

struct NamedScores {
  std::string name, title;
  std::optional<Scores> scores;
};

struct Report {
  std::string data;  ///< the SPEC
  int64_t examples = 0, unparsed = 0, missing = 0;
  double accuracy = 0;
  NamedScores official;
  std::vector<NamedScores> metrics;
  std::vector<LabelReport> per_label;  ///< the inventory's order
  std::vector<ConfusedPair> worst;     ///< most frequent first, all of them
  std::vector<std::vector<int64_t>> matrix;  ///< [gold][predicted], unparsed in the last column
  std::optional<std::string> negative;
  std::optional<Interval> interval;
  std::optional<Calibration> calibration;
};

/// Throws Error for a repeated, missing or extra id (naming the first ones), a gold example without
/// a label, and a predicted label that a closed inventory lacks (with its line).
Report evaluate(const Dataset& data, std::span<const Prediction> predictions,
                const EvaluateOptions& options = {});
/// The official F1's percentile interval over resampled rows.
Interval bootstrap(const Confusion& confusion, std::span<const int32_t> gold,
                   std::span<const int32_t> predicted, const EvaluateOptions& options);

}  // namespace relatum::task
