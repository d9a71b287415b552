// Joins predictions to gold labels by id and computes every figure of the report.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task/confusion.h"
#include "task/error_kinds.h"
#include "task/interval.h"
#include "task/load.h"
#include "task/prediction.h"
#include "task/reliability.h"
#include "task/scored_labels.h"
#include "task/threshold_curve.h"

namespace relatum::task {

struct EvaluateOptions {
  std::optional<std::string> negative;  ///< instead of no_relation or Other
  std::optional<std::string> official;  ///< name of the metric that counts, instead of the data's
  bool missing_is_wrong = false;        ///< count an example without a prediction as unparsed
  int64_t samples = 1000;               ///< of the bootstrap; 0: no interval
  uint64_t seed = 1;
  size_t wrong_kept = 50;  ///< wrong answers whose sentences the report keeps
};

struct LabelReport {
  std::string label;
  Scores scores;
  int64_t support = 0, predicted = 0;
};

/// One kind of mistake. `predicted` empty: unparsed, or a further gold label of a pair that was not
/// answered. `gold` empty: a further answer of a pair with several.
struct ConfusedPair {
  std::string gold, predicted;
  int64_t count = 0;
};

struct NamedScores {
  std::string name, title;
  std::optional<Scores> scores;
  bool wanted = false;                 ///< whether people want to see it for these labels
  std::optional<Interval> interval{};  ///< of the F1
  std::string note{};                  ///< Metric::note
};

/// A wrong answer with its sentence. `predicted` is empty where no label was answered.
struct WrongAnswer {
  Example example;
  std::vector<std::string> predicted;
  std::optional<double> probability;
  std::string answer;  ///< what was written where that is no label
};

struct Report {
  std::string data;  ///< the SPEC
  int64_t examples = 0;
  int64_t unparsed = 0, missing = 0;  ///< answers without a label; examples without an answer
  int64_t gold_labels = 0;            ///< more than examples where pairs have several
  int64_t right = 0;    ///< examples with answers, all of which are among the gold labels
  double accuracy = 0;  ///< right / examples
  /// Examples whose answers are their gold labels, all of them and no other; / examples.
  double exact_match = 0;
  ErrorKinds errors;
  std::optional<Undirected> undirected;  ///< where labels have directions
  NamedScores official;
  std::vector<NamedScores> metrics;
  std::vector<LabelReport> per_label;  ///< inventory and gold labels, in the inventory's order
  std::vector<LabelCount> outside;     ///< answers that are none of these, most frequent first
  std::vector<ConfusedPair> worst;     ///< most frequent first, all of them
  /// By index into per_label; answers from its size on are none of these labels.
  std::vector<Confusion::Entry> counts;
  std::vector<WrongAnswer> wrong;  ///< the most confident first, at most wrong_kept
  int64_t wrong_count = 0;         ///< all wrong answers, unparsed and missing ones, too
  std::optional<std::string> negative;
  std::optional<Interval> interval, accuracy_interval;
  std::optional<Calibration> calibration;
  std::optional<ThresholdCurve> curve;  ///< where relations have probabilities
  std::vector<std::string> warnings;    ///< a sentence each
};

/// Scores predictions. Which figure is official, which label is the negative one and which labels
/// have a line of their own is decided by the data's format, the inventory and the gold, never by
/// the answers. An answer that neither the inventory nor the gold has is wrong and told in a
/// warning; so is a gold label that a closed inventory lacks, which is scored like any other.
///
/// Pairs with several gold labels: an answer that is among them is right; each gold label counts in
/// recall, each answer in precision. A prediction's `labels`, where it has them, are its answers.
///
/// Throws Error for a repeated, missing or extra id (naming the first ones), a gold example without
/// a label, a negative label that neither gold nor inventory has, and an official metric that does
/// not apply to the labels.
Report evaluate(const Dataset& data, std::span<const Prediction> predictions,
                const EvaluateOptions& options = {});

/// The figure that the data's format is judged by; "" where it may hold any labels.
std::string_view named_official(const Dataset& data);

}  // namespace relatum::task
