// Looks up each prediction's label among the gold ones, and each label's probability.
#include "task/judged_predictions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/printable.h"
#include "task/forms.h"

namespace relatum::task {
namespace {

constexpr double kLeast = 1e-15;  // so that no answer makes the mean infinite

void check_probability(const Prediction& prediction, double p) {
  if (p >= 0 && p <= 1) return;
  fail("task.evaluate", fmt::format("the prediction for '{}' (line {}) has probability {}: "
                                    "expected 0 to 1.",
                                    printable_start(prediction.id), prediction.line, p));
}

bool among(const std::vector<std::string>& gold, const std::string& label) {
  const std::string form = seen_form(label);
  return std::any_of(gold.begin(), gold.end(),
                     [&](const std::string& each) { return seen_form(each) == form; });
}

/// Adds what the probabilities of all labels say of one example with one gold label.
void judge_labels(const Prediction& prediction, const std::vector<std::string>& gold,
                  LabelProbabilities& sums) {
  double squares = 0, of_gold = 0;
  bool known = false;
  for (const auto& [label, p] : prediction.scores) {
    check_probability(prediction, p);
    const bool right = among(gold, label);
    squares += (p - double(right)) * (p - double(right));
    if (right) of_gold = p;
    known = known || right;
  }
  if (!known) squares += 1;  // a label that could not be answered has no probability
  ++sums.count;
  sums.brier += squares;
  sums.log_loss -= std::log(std::max(of_gold, kLeast));
}

}  // namespace

std::optional<Calibration> calibrate(const Dataset& data,
                                     std::span<const Prediction* const> joined) {
  std::vector<Judged> answers;
  LabelProbabilities labels;
  for (size_t i = 0; i < joined.size(); ++i) {
    const Prediction* prediction = joined[i];
    if (!prediction || !prediction->label || !prediction->probability) continue;
    check_probability(*prediction, *prediction->probability);
    const std::vector<std::string> gold = gold_labels(data.examples[i]);
    answers.push_back({*prediction->probability, among(gold, *prediction->label)});
    const bool one = !prediction->scores.empty() && gold.size() == 1;
    if (one) judge_labels(*prediction, gold, labels);
  }
  std::optional<Calibration> result = calibration_of(answers);
  if (!result || labels.count == 0) return result;
  labels.brier /= double(labels.count);
  labels.log_loss /= double(labels.count);
  result->labels = labels;
  return result;
}

std::optional<ThresholdCurve> threshold_curve_of(const ScoredLabels& scored,
                                                 std::span<const Prediction* const> joined,
                                                 std::optional<int32_t> negative) {
  const bool all = std::all_of(joined.begin(), joined.end(), [](const Prediction* each) {
    return each && !each->scores.empty();
  });
  std::vector<Candidate> candidates;
  int64_t relations = 0;
  for (size_t i = 0; i < joined.size(); ++i) {
    const auto& gold = scored.gold[i];
    for (const int32_t label : gold) relations += label != negative;
    const auto index_of = [&](const std::string& label) -> int32_t {
      return int32_t(scored.labels.find(label).value_or(-1));
    };
    const auto add = [&](double p, int32_t label) {
      candidates.push_back({p, std::find(gold.begin(), gold.end(), label) != gold.end()});
    };
    if (all) {
      const std::pair<std::string, double>* best = nullptr;
      for (const auto& each : joined[i]->scores) {
        if (negative && index_of(each.first) == negative) continue;
        if (!best || each.second > best->second) best = &each;
      }
      if (best) add(best->second, index_of(best->first));
    } else if (joined[i] && joined[i]->label && joined[i]->probability) {
      const int32_t label = index_of(*joined[i]->label);
      if (!negative || label != negative) add(*joined[i]->probability, label);
    }
  }
  if (candidates.empty()) return std::nullopt;
  ThresholdCurve curve = threshold_curve(candidates, relations);
  curve.from = all ? "scores" : "probability";
  return curve;
}

}  // namespace relatum::task
