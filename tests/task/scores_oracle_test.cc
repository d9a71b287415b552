// Scores against scikit-learn, scipy and statsmodels (tools/fixtures/scores.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "io/json.h"
#include "task/compare.h"
#include "task/evaluate.h"
#include "task/metric.h"
#include "task/proportion.h"
#include "task/reliability.h"
#include "task/student.h"
#include "task/temperature.h"
#include "task/threshold_curve.h"

namespace relatum::task {
namespace {

using nlohmann::json;

const json& figures() {
  static const json all = io::load_json(std::string(RELATUM_FIXTURES) + "/scores/figures.json");
  return all;
}

/// Both sides add up at most so many doubles of at most 1, in any order.
double sum_of(int64_t terms) { return 4 * double(terms) * std::numeric_limits<double>::epsilon(); }

void expect_scores(const std::optional<Scores>& scores, const json& want, int64_t terms) {
  ASSERT_TRUE(scores);
  EXPECT_NEAR(scores->precision, want[0].get<double>(), sum_of(terms));
  EXPECT_NEAR(scores->recall, want[1].get<double>(), sum_of(terms));
  EXPECT_NEAR(scores->f1, want[2].get<double>(), sum_of(terms));
}

std::optional<Scores> named(const Report& report, const std::string& name) {
  for (const NamedScores& each : report.metrics) {
    if (each.name == name) return each.scores;
  }
  ADD_FAILURE() << name;
  return std::nullopt;
}

Dataset data_of(size_t rows) {
  Dataset data;
  data.name = "test";
  data.labels = Labels(figures()["labels"].get<std::vector<std::string>>());
  for (size_t i = 0; i < rows; ++i) {
    Example example;
    example.id = std::to_string(i);
    example.text = "text " + example.id;
    data.examples.push_back(example);
  }
  return data;
}

std::vector<Prediction> answers(const json& labels) {
  std::vector<Prediction> predictions;
  for (size_t i = 0; i < labels.size(); ++i) {
    Prediction& prediction = predictions.emplace_back();
    prediction.id = std::to_string(i);
    if (labels[i].is_array()) {
      prediction.labels = labels[i].get<std::vector<std::string>>();
    } else {
      prediction.label = labels[i].get<std::string>();
    }
  }
  return predictions;
}

Dataset gold_of(const json& labels) {
  Dataset data = data_of(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    if (!labels[i].is_array()) {
      data.examples[i].label = labels[i].get<std::string>();
      continue;
    }
    for (const json& label : labels[i]) add_gold_label(data.examples[i], label);
  }
  return data;
}

TEST(ScoresOracle, MicroAndMacroAreScikitLearns) {
  const json& want = figures()["single"];
  const Report report = evaluate(gold_of(want["gold"]), answers(want["predicted"]), {.samples = 0});
  const auto rows = int64_t(want["gold"].size());
  EXPECT_NEAR(report.accuracy, want["accuracy"].get<double>(), sum_of(rows));
  for (const char* name :
       {"micro_all", "macro", "tacred_micro", "macro_relations", "no_relation"}) {
    SCOPED_TRACE(name);
    expect_scores(named(report, name), want[name], rows);
  }
}

TEST(ScoresOracle, SeveralLabelsAreScikitLearns) {
  const json& want = figures()["several"];
  const Report report = evaluate(gold_of(want["gold"]), answers(want["predicted"]), {.samples = 0});
  const auto rows = int64_t(want["gold"].size());
  EXPECT_NEAR(report.exact_match, want["exact_match"].get<double>(), sum_of(rows));
  for (const char* name : {"micro_all", "macro"}) {
    SCOPED_TRACE(name);
    expect_scores(named(report, name), want[name], rows);
  }
}

std::vector<Judged> judged(const json& p, const json& right) {
  std::vector<Judged> answers;
  for (size_t i = 0; i < p.size(); ++i) {
    answers.push_back({p[i].get<double>(), right[i].get<bool>()});
  }
  return answers;
}

void expect_bins(const std::vector<ReliabilityBin>& bins, const json& want) {
  ASSERT_EQ(bins.size(), want["counts"].size());
  for (size_t b = 0; b < bins.size(); ++b) {
    EXPECT_EQ(bins[b].count, want["counts"][b].get<int64_t>()) << b;
    EXPECT_NEAR(bins[b].accuracy, want["accuracy"][b].get<double>(), sum_of(bins[b].count)) << b;
    EXPECT_NEAR(bins[b].mean_probability, want["mean"][b].get<double>(), sum_of(bins[b].count));
    // Both invert the incomplete beta function, to about half the digits of a double at worst.
    EXPECT_NEAR(bins[b].accuracy_low, want["bounds"][b][0].get<double>(), 1e-8) << b;
    EXPECT_NEAR(bins[b].accuracy_high, want["bounds"][b][1].get<double>(), 1e-8) << b;
  }
}

TEST(ScoresOracle, CalibrationIsScikitLearns) {
  const json& want = figures()["reliability"];
  std::vector<Judged> rows = judged(want["p"], want["right"]);
  expect_bins(bins_of_equal_mass(rows, 15), want["mass"]);
  expect_bins(bins_of_equal_width(rows, 15), want["width"]);
  const Calibration found = *calibration_of(rows);
  const double bound = sum_of(int64_t(rows.size()));
  EXPECT_NEAR(found.ece, want["mass"]["ece"].get<double>(), bound);
  EXPECT_NEAR(found.ece_equal_width, want["width"]["ece"].get<double>(), bound);
  EXPECT_NEAR(found.brier, want["brier"].get<double>(), bound);
  std::reverse(rows.begin(), rows.end());
  EXPECT_NEAR(calibration_of(rows)->ece, found.ece, bound);  // the order has no part in it
  EXPECT_FALSE(calibration_of({}));
}

TEST(ScoresOracle, AllLabelsBrierAndLogLossAreScikitLearns) {
  const json& want = figures()["labels_brier"];
  const Dataset data = gold_of(want["gold"]);
  std::vector<Prediction> predictions;
  for (size_t i = 0; i < data.examples.size(); ++i) {
    Prediction& prediction = predictions.emplace_back();
    prediction.id = std::to_string(i);
    prediction.label = data.labels.name(0);
    prediction.probability = want["p"][i][0].get<double>();
    for (size_t k = 0; k < 5; ++k) {
      prediction.scores.emplace_back(data.labels.name(int64_t(k)), want["p"][i][k].get<double>());
    }
  }
  const Report report = evaluate(data, predictions, {.samples = 0});
  ASSERT_TRUE(report.calibration && report.calibration->labels);
  // Sums of 60 rows; a row's log loss is below 16.
  EXPECT_NEAR(report.calibration->labels->brier, want["brier"].get<double>(), 2 * sum_of(60));
  EXPECT_NEAR(report.calibration->labels->log_loss, want["log_loss"].get<double>(),
              16 * sum_of(60));
  ASSERT_TRUE(report.curve);
  EXPECT_EQ(report.curve->from, "scores");
}

TEST(ScoresOracle, TheCurveIsScikitLearns) {
  const json& want = figures()["curve"];
  std::vector<Candidate> candidates;
  int64_t right = 0;
  for (const Judged& each : judged(want["p"], want["right"])) {
    candidates.push_back({each.probability, each.right});
    right += each.right;
  }
  const ThresholdCurve curve = threshold_curve(candidates, right);
  const double bound = sum_of(int64_t(candidates.size()));
  EXPECT_NEAR(curve.average_precision, want["average_precision"].get<double>(), bound);
  const size_t points = want["thresholds"].size();
  ASSERT_EQ(curve.points.size(), points);
  for (size_t i = 0; i < points; ++i) {  // theirs begin at the lowest threshold
    const CurvePoint& point = curve.points[points - 1 - i];
    EXPECT_EQ(point.threshold, want["thresholds"][i].get<double>());
    EXPECT_NEAR(point.scores.precision, want["precision"][i].get<double>(), bound);
    EXPECT_NEAR(point.scores.recall, want["recall"][i].get<double>(), bound);
  }
  // Twice as many relations as can be found: each recall is half as large.
  EXPECT_NEAR(threshold_curve(candidates, 2 * right).average_precision, curve.average_precision / 2,
              bound);
}

TEST(ScoresOracle, TheTemperatureIsScipys) {
  const json& want = figures()["temperature"];
  std::vector<ScoredExample> examples;
  for (size_t i = 0; i < want["gold"].size(); ++i) {
    examples.push_back(
        {want["logits"][i].get<std::vector<double>>(), {want["gold"][i].get<size_t>()}});
  }
  const TemperatureFit fit = fit_temperature(examples);
  EXPECT_TRUE(fit.found);
  // A minimum is known to the root of what its value is known to.
  const double flat = std::sqrt(300 * 64 * std::numeric_limits<double>::epsilon());
  EXPECT_NEAR(fit.temperature, want["temperature"].get<double>(), 4 * flat);
  EXPECT_NEAR(fit.before, want["before"].get<double>(), 64 * sum_of(300));
  EXPECT_NEAR(fit.after, want["after"].get<double>(), 64 * sum_of(300));
  // The reference's second derivative is a difference over steps of 0.001: its error is of 1e-6.
  EXPECT_NEAR(fit.low, want["interval"][0].get<double>(), 1e-5);
  EXPECT_NEAR(fit.high, want["interval"][1].get<double>(), 1e-5);
}

TEST(ScoresOracle, McNemarIsStatsmodels) {
  for (const json& want : figures()["mcnemar"]) {
    const McNemar test = mcnemar(want["b"].get<int64_t>(), want["c"].get<int64_t>());
    SCOPED_TRACE(want.dump());
    EXPECT_EQ(test.exact, want["exact"].get<bool>());
    // Both are the incomplete beta or gamma function, of at most 1, with some 12 digits.
    EXPECT_NEAR(test.p, want["p"].get<double>(), 1e-12);
    // With continuity |1| - 1 of 130 and 131 is 0 in both.
    EXPECT_NEAR(test.statistic, want["statistic"].get<double>(), 1e-12);
  }
}

TEST(ScoresOracle, WelchIsScipys) {
  for (const json& want : figures()["welch"]) {
    const auto test = welch(want["first"].get<std::vector<double>>(),
                            want["second"].get<std::vector<double>>());
    ASSERT_TRUE(test);
    // Means of a few equal values cancel to some 1e-14 of their deviation.
    EXPECT_NEAR(test->t, want["t"].get<double>(), 1e-9);
    EXPECT_NEAR(test->freedom, want["freedom"].get<double>(), 1e-9);
    EXPECT_NEAR(test->p, want["p"].get<double>(), 1e-9);
    EXPECT_NEAR(test->low, want["interval"][0].get<double>(), 1e-9);
    EXPECT_NEAR(test->high, want["interval"][1].get<double>(), 1e-9);
  }
  const std::vector<double> one{0.5}, same{0.5, 0.5};
  EXPECT_FALSE(welch(one, same));
  EXPECT_FALSE(welch(same, same));  // no spread, no test
}

TEST(ScoresOracle, ThePairedBootstrapIsNumpysOfTheSameDraws) {
  const json& want = figures()["paired"];
  const Side first{{"a"}, {answers(want["first"])}}, second{{"b"}, {answers(want["second"])}};
  EvaluateOptions options;
  options.samples = want["samples"].get<int64_t>();
  const Comparison comparison = compare(gold_of(want["gold"]), first, second, options);
  EXPECT_EQ(comparison.figures[0].name, "tacred_micro");
  for (const FigureComparison& figure : comparison.figures) {
    if (!want["figures"].contains(figure.name)) continue;
    const json& each = want["figures"][figure.name];
    EXPECT_NEAR(figure.interval->low, each["interval"][0].get<double>(), sum_of(200))
        << figure.name;
    EXPECT_NEAR(figure.interval->high, each["interval"][1].get<double>(), sum_of(200));
    EXPECT_NEAR(*figure.p, each["p"].get<double>(), sum_of(200));
  }
}

}  // namespace
}  // namespace relatum::task
