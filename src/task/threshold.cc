// One pass over the examples for each threshold that is tried.
#include "task/threshold.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace relatum::task {
namespace {

double f1_with(std::span<const std::vector<double>> probabilities,
               std::span<const std::vector<int32_t>> gold, const AnswerRule& rule,
               const Metric& metric, Confusion& drawn) {
  drawn.clear();
  for (size_t i = 0; i < probabilities.size(); ++i) {
    drawn.add(cells_of(gold[i], chosen_labels(probabilities[i], rule)));
  }
  return metric.compute(drawn).value_or(Scores{}).f1;
}

}  // namespace

std::vector<int32_t> chosen_labels(std::span<const double> probabilities, const AnswerRule& rule) {
  RELATUM_CHECK(!probabilities.empty());
  const auto likelier = [&](int32_t a, int32_t b) {
    return probabilities[size_t(a)] > probabilities[size_t(b)];
  };
  std::vector<int32_t> answers;
  for (int32_t i = 0; i < int32_t(probabilities.size()); ++i) {
    const double p = probabilities[size_t(i)];
    const bool passes = !rule.threshold || (p > 0 && p >= *rule.threshold && i != rule.negative);
    if (passes) answers.push_back(i);
  }
  std::stable_sort(answers.begin(), answers.end(), likelier);
  if (answers.empty() && rule.negative) return {*rule.negative};
  if (!rule.threshold || !rule.several) answers.resize(std::min<size_t>(answers.size(), 1));
  return answers;
}

TunedThreshold tune_threshold(std::span<const std::vector<double>> probabilities,
                              std::span<const std::vector<int32_t>> gold, const AnswerRule& rule,
                              const Metric& metric, const Confusion& counts) {
  RELATUM_CHECK(probabilities.size() == gold.size());
  Confusion drawn(counts.labels(), counts.negative(), counts.scope());
  TunedThreshold tuned;
  tuned.metric = metric.name;
  AnswerRule trial = rule;
  trial.threshold.reset();
  tuned.f1_likeliest = f1_with(probabilities, gold, trial, metric, drawn);
  tuned.f1 = -1;
  constexpr int kSteps = 100;
  for (int step = 1; step < kSteps; ++step) {
    trial.threshold = double(step) / kSteps;
    const double f1 = f1_with(probabilities, gold, trial, metric, drawn);
    const bool nearer = std::abs(*trial.threshold - 0.5) < std::abs(tuned.value - 0.5);
    if (f1 < tuned.f1 || (f1 == tuned.f1 && !nearer)) continue;
    tuned.f1 = f1;
    tuned.value = *trial.threshold;
  }
  return tuned;
}

}  // namespace relatum::task
