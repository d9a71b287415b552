// From the labels' probabilities to answers: the likeliest, or what a threshold lets through.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "task/metric.h"
#include "task/temperature.h"

namespace relatum::task {

/// How probabilities become answers.
struct AnswerRule {
  double temperature = 1;           ///< see task/temperature.h
  std::optional<double> threshold;  ///< nothing: the likeliest label is the answer
  std::optional<int32_t> negative;  ///< index of the label that means no relation
  bool several = false;             ///< a pair may get several labels
};

/// Indices of the answers, the likeliest first. Without a threshold the likeliest label. With one:
/// the likeliest relation, or with `several` all relations, whose probability is at least the
/// threshold; where there is none, the negative label, or, of labels without one, nothing. A
/// probability of 0 (what entity types forbid has it) reaches no threshold.
std::vector<int32_t> chosen_labels(std::span<const double> probabilities, const AnswerRule& rule);

/// A threshold that was chosen by a figure of dev data.
struct TunedThreshold {
  double value = 0.5;
  std::string metric;       ///< what was maximised
  double f1 = 0;            ///< with the threshold, on these examples
  double f1_likeliest = 0;  ///< without one

  /// Whether any threshold that was tried is better than none.
  bool helps() const { return f1 > f1_likeliest; }
};

/// Tries 0.01, 0.02 … 0.99 and takes the threshold with the highest F1 of `metric`; of several the
/// one nearest to 0.5. `probabilities`: per example, of all labels; `gold`: per example. `counts`
/// gives labels, negative label and scope.
TunedThreshold tune_threshold(std::span<const std::vector<double>> probabilities,
                              std::span<const std::vector<int32_t>> gold, const AnswerRule& rule,
                              const Metric& metric, const Confusion& counts);

}  // namespace relatum::task
