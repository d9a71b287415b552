// Scores beside gold labels, mode by mode.
#include "jobs/fit_calibration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/counted.h"
#include "base/error.h"
#include "jobs/answer_rule.h"
#include "jobs/without_effect.h"
#include "task/evaluate.h"
#include "task/reliability.h"

namespace relatum::jobs {
namespace {

using Gold = std::vector<std::vector<int32_t>>;

/// What each mode is fitted on.
struct Fitting {
  Gold gold;
  const task::Labels& labels;
  std::optional<int32_t> negative;
  std::string_view named;  // the figure that the data's format is judged by

  bool is_right(size_t i, int64_t label) const {
    return std::find(gold[i].begin(), gold[i].end(), int32_t(label)) != gold[i].end();
  }
};

struct Calibrated {
  double ece = 0, brier = 0;
};

Calibrated judge(const std::vector<task::Judged>& answers) {
  const auto found = task::calibration_of(answers);
  return found ? Calibrated{found->ece, found->brier} : Calibrated{};
}

CalibrationGain gain_of(const std::vector<task::Judged>& before,
                        const std::vector<task::Judged>& after) {
  const Calibrated was = judge(before), is = judge(after);
  return {was.ece, is.ece, was.brier, is.brier};
}

// A temperature that the examples do not tell from 1 has to lower the error that they show.
void settle(const std::vector<task::Judged>& before, const std::vector<task::Judged>& after,
            ModeCalibration& mode) {
  task::TemperatureFit& fit = mode.fit;
  mode.gain = gain_of(before, after);
  const bool telling = fit.low > 1 || fit.high < 1;
  if (!fit.found || telling || mode.gain.ece_after <= mode.gain.ece_before) return;
  mode.left_off = std::exchange(fit.temperature, 1);
  fit.after = fit.before;
  mode.gain = gain_of(before, before);
}

task::TunedThreshold tuned(const Fitting& fitting, const std::vector<std::vector<double>>& all,
                           bool several) {
  task::AnswerRule rule;
  rule.negative = fitting.negative;
  rule.several = several;
  task::Confusion counts(fitting.labels, fitting.negative);
  // Whether a figure applies is told from gold labels: macro-F1 is that of those that occur.
  for (const auto& gold : fitting.gold) counts.add(task::cells_of(gold, {}));
  const task::Metric& metric = task::official_metric(counts, fitting.named);
  return task::tune_threshold(all, fitting.gold, rule, metric, counts);
}

ModeCalibration fit_labels(const Fitting& fitting, const std::vector<std::vector<double>>& scores) {
  std::vector<task::ScoredExample> examples;
  for (size_t i = 0; i < scores.size(); ++i) {
    examples.push_back({scores[i], {fitting.gold[i].begin(), fitting.gold[i].end()}});
  }
  ModeCalibration mode;
  mode.fit = task::fit_temperature(examples);
  const auto judged = [&](double temperature) {
    std::vector<task::Judged> answers;
    for (size_t i = 0; i < scores.size(); ++i) {
      const auto best = std::ranges::max_element(scores[i]) - scores[i].begin();
      answers.push_back(
          {task::tempered(scores[i], temperature)[size_t(best)], fitting.is_right(i, best)});
    }
    return answers;
  };
  settle(judged(1), judged(mode.fit.temperature), mode);
  std::vector<std::vector<double>> probabilities;
  for (const auto& each : scores) {
    probabilities.push_back(task::tempered(each, mode.fit.temperature));
  }
  if (fitting.negative) mode.negative = tuned(fitting, probabilities, false);
  mode.several = tuned(fitting, probabilities, true);
  return mode;
}

/// Right or wrong are the two outcomes of an answer whose probability alone is known.
ModeCalibration fit_answers(const Fitting& fitting, std::span<const task::AnswerScores> scores) {
  constexpr double kSurest = 1 - 1e-15;  // else one wrong answer would make the loss infinite
  std::vector<task::ScoredExample> examples;
  std::vector<task::Judged> before, after;
  for (size_t i = 0; i < scores.size(); ++i) {
    const double p = scores[i].constrained_probability, sure = std::min(p, kSurest);
    const bool right = fitting.is_right(i, scores[i].constrained);
    examples.push_back({{std::log(sure), std::log1p(-sure)}, {size_t(!right)}});
    before.push_back({p, right});
  }
  ModeCalibration mode;
  mode.fit = task::fit_temperature(examples);
  for (const task::Judged& each : before) {
    after.push_back({task::tempered(each.probability, mode.fit.temperature), each.right});
  }
  settle(before, after, mode);
  return mode;
}

std::string temperature_of(const ModeCalibration& mode) {
  const task::TemperatureFit& fit = mode.fit;
  if (!fit.found) return "no temperature, as they tell none within a factor of e";
  if (mode.left_off) {
    return fmt::format(
        "no temperature, as {:.3g} would fit best ({:.3g} to {:.3g}) but raise the calibration "
        "error",
        *mode.left_off, fit.low, fit.high);
  }
  return fmt::format("temperature {:.3g} ({:.3g} to {:.3g})", fit.temperature, fit.low, fit.high);
}

std::string threshold_of(const ModeCalibration& mode) {
  if (!mode.negative) return "";
  const task::TunedThreshold& best = *mode.negative;
  if (!best.helps()) {
    return fmt::format(
        "; no threshold is better than the likeliest label, F1 {:.2f} (at best {:.2f}, "
        "from {:.2f} on)",
        100 * best.f1_likeliest, 100 * best.f1, best.value);
  }
  return fmt::format("; with a threshold of {:.2f} F1 is {:.2f}, with the likeliest label {:.2f}",
                     best.value, 100 * best.f1, 100 * best.f1_likeliest);
}

std::string sentence_of(const ModeCalibration& mode) {
  const task::TemperatureFit& fit = mode.fit;
  if (!fit.found) {
    return fmt::format(
        "{} {} no temperature from {} to {} within a factor of e, so probabilities stay as they "
        "are (calibration error {:.2f} %).",
        counted(fit.examples, "example"), fit.examples == 1 ? "tells" : "tell",
        task::kLowestTemperature, task::kHighestTemperature, 100 * mode.gain.ece_before);
  }
  if (mode.left_off) {
    return fmt::format("{}, which is {:.2f} % on the {}{}", temperature_of(mode),
                       100 * mode.gain.ece_before, counted(fit.examples, "example"),
                       threshold_of(mode));
  }
  return fmt::format("{}, calibration error {:.2f} -> {:.2f} % on the {} that it is fitted on{}",
                     temperature_of(mode), 100 * mode.gain.ece_before, 100 * mode.gain.ece_after,
                     counted(fit.examples, "example"), threshold_of(mode));
}

// Ways of answering of which the same is told, in the order in which --help names them.
std::vector<std::pair<std::string, std::vector<std::string>>> grouped_modes(
    const RunCalibration& calibration, std::string (*tell)(const ModeCalibration&)) {
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (const char* name : {"scored", "shares", "constrained"}) {
    const auto mode = calibration.modes.find(name);
    if (mode == calibration.modes.end()) continue;
    const std::string text = tell(mode->second);
    const auto same = std::ranges::find(groups, text, [](const auto& each) { return each.first; });
    if (same != groups.end()) same->second.emplace_back(name);
    else groups.push_back({text, {name}});
  }
  return groups;
}

}  // namespace

std::map<std::string, ModeCalibration> fit_calibration(std::span<const task::AnswerScores> scores,
                                                       const task::Dataset& data,
                                                       const task::Labels& labels,
                                                       const std::optional<std::string>& negative) {
  RELATUM_CHECK(scores.size() == data.examples.size());
  Fitting fitting{{}, labels, negative_index(labels, negative), task::named_official(data)};
  std::vector<task::AnswerScores> answerable;
  std::vector<std::vector<double>> scored, shares;
  for (size_t i = 0; i < scores.size(); ++i) {
    std::vector<int32_t> gold;
    for (const std::string& label : task::gold_labels(data.examples[i])) {
      if (const auto index = labels.find(label)) gold.push_back(int32_t(*index));
    }
    if (gold.empty() || scores[i].scored.empty()) continue;
    fitting.gold.push_back(std::move(gold));
    answerable.push_back(scores[i]);
    scored.push_back(scores[i].scored);
    shares.push_back(scores[i].shares);
  }
  if (answerable.empty()) {
    fail("jobs.calibration", fmt::format("{} has no example with a label that can be answered, so "
                                         "nothing tells how sure the answers should be.",
                                         data.name));
  }
  std::map<std::string, ModeCalibration> modes{{"scored", fit_labels(fitting, scored)}};
  if (shares[0].empty()) return modes;  // a classifier's
  modes["shares"] = fit_labels(fitting, shares);
  modes["constrained"] = fit_answers(fitting, answerable);
  return modes;
}

std::vector<std::string> calibration_lines(const RunCalibration& calibration) {
  std::vector<std::string> lines;
  for (const auto& [sentence, names] : grouped_modes(calibration, sentence_of)) {
    lines.push_back(fmt::format("--answer {}: {}", and_list(names), sentence));
  }
  return lines;
}

std::string calibration_line(const RunCalibration& calibration) {
  const auto groups = grouped_modes(calibration, temperature_of);
  if (groups.empty()) return "";
  std::vector<std::string> told;
  for (const auto& [temperature, names] : groups) {
    told.push_back(temperature + (groups.size() == 1 ? "" : " for " + and_list(names)));
  }
  const std::string& first = groups[0].second[0];  // finetune's own way of judging, mostly
  const ModeCalibration& mode = calibration.modes.at(first);
  std::string line = fmt::format("calibrated on {}: {}; calibration error {:.2f}",
                                 counted(mode.fit.examples, "example"), fmt::join(told, ", "),
                                 100 * mode.gain.ece_before);
  if (mode.fit.found && !mode.left_off) {
    line += fmt::format(" -> {:.2f}", 100 * mode.gain.ece_after);
  }
  line += fmt::format(" %{}", calibration.modes.size() == 1 ? "" : " (" + first + ")");
  return line + threshold_of(mode);
}

}  // namespace relatum::jobs
