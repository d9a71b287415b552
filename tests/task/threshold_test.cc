// Thresholds: what they let through, and the one that dev data choose.
#include "task/threshold.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "task/temperature.h"
#include "task/threshold_curve.h"

namespace relatum::task {
namespace {

using Indices = std::vector<int32_t>;

TEST(Threshold, LetsRelationsThrough) {
  const std::vector<double> p{0.3, 0.25, 0.45};  // the last label means no relation
  EXPECT_EQ(chosen_labels(p, {}), Indices{2});
  AnswerRule rule{.threshold = 0.3, .negative = 2};
  EXPECT_EQ(chosen_labels(p, rule), Indices{0});  // though the negative label is likelier
  rule.threshold = 0.31;
  EXPECT_EQ(chosen_labels(p, rule), Indices{2});
  rule.several = true;
  rule.threshold = 0.2;
  EXPECT_EQ(chosen_labels(p, rule), (Indices{0, 1}));
  rule.threshold = 0.9;
  EXPECT_EQ(chosen_labels(p, rule), Indices{2});
  rule.negative.reset();
  EXPECT_EQ(chosen_labels(p, rule), Indices{});
  rule.threshold = 0.28;
  EXPECT_EQ(chosen_labels(p, rule), (Indices{2, 0}));
}

TEST(Threshold, WhatTypesForbidIsNoAnswer) {
  const std::vector<double> none{0, 0, 1}, one{0.4, 0, 0.6};  // as a mask leaves them
  AnswerRule rule{.threshold = 0, .negative = 2};
  EXPECT_EQ(chosen_labels(none, rule), Indices{2});
  EXPECT_EQ(chosen_labels(one, rule), Indices{0});
  rule.several = true;
  EXPECT_EQ(chosen_labels(none, rule), Indices{2});
  EXPECT_EQ(chosen_labels(one, rule), Indices{0});
}

TEST(ThresholdCurve, IsThinnedButForItsEndsAndItsBest) {
  std::vector<Candidate> candidates;
  for (int i = 0; i < 500; ++i) candidates.push_back({1 - i / 500.0, i < 137});
  const ThresholdCurve curve = threshold_curve(candidates, 200);
  EXPECT_EQ(curve.points.size(), 500u);
  EXPECT_EQ(curve.best.answered, 137);
  for (const size_t most : {3, 4, 12, 200}) {
    const std::vector<CurvePoint> kept = thinned(curve, most);
    EXPECT_LE(kept.size(), most);
    EXPECT_GE(kept.size(), most - 1);  // an end or the best may begin a stretch
    EXPECT_EQ(kept.front().answered, 1);
    EXPECT_EQ(kept.back().answered, 500);
    EXPECT_TRUE(std::ranges::any_of(kept, [](const auto& each) { return each.answered == 137; }));
  }
  EXPECT_EQ(thinned(curve, 500).size(), 500u);
}

TEST(Threshold, IsTheOneWithTheHighestF1) {
  const Labels labels({"a", "b", "no_relation"});
  const Confusion counts(labels, 2);
  // Relations are right from 0.62 on and wrong below.
  const std::vector<std::vector<double>> p = {
      {0.9, 0.05, 0.05}, {0.62, 0.3, 0.08}, {0.58, 0.02, 0.4}, {0.1, 0.55, 0.35}, {0.2, 0.1, 0.7}};
  const std::vector<Indices> gold = {{0}, {0}, {2}, {2}, {2}};
  const TunedThreshold tuned = tune_threshold(p, gold, {.negative = 2}, metric("tacred_micro"),
                                              counts);
  EXPECT_DOUBLE_EQ(tuned.value, 0.59);  // the nearest to 0.5 of 0.59 to 0.62
  EXPECT_DOUBLE_EQ(tuned.f1, 1);
  EXPECT_DOUBLE_EQ(tuned.f1_likeliest, 2 * 2.0 / (4 + 2));
  EXPECT_EQ(tuned.metric, "tacred_micro");
  const std::vector<Indices> two = {{0}, {0, 1}, {0}, {1}, {2}};
  const TunedThreshold several = tune_threshold(p, two, {.negative = 2, .several = true},
                                                metric("micro_all"), counts);
  EXPECT_GT(several.value, 0.2);
  EXPECT_LE(several.value, 0.3);
  EXPECT_DOUBLE_EQ(several.f1, 1);
}

TEST(Temperature, MovesProbabilitiesTogether) {
  const std::vector<double> logs{std::log(0.8), std::log(0.2)};
  EXPECT_DOUBLE_EQ(tempered(logs, 1)[0], 0.8);
  // The odds 4 to the power of 1 / 2.
  EXPECT_NEAR(tempered(logs, 2)[0], 2.0 / 3, 1e-15);
  EXPECT_NEAR(tempered(0.8, 2), 2.0 / 3, 1e-15);  // of two labels both ways are one
  EXPECT_EQ(tempered(1.0, 3), 1.0);
  EXPECT_EQ(tempered(0.0, 3), 0.0);
}

TEST(Temperature, NeedsMistakes) {
  // All answers right: the surer, the better, without end.
  const std::vector<ScoredExample> right(20, {{-0.1, -3.0}, {0}});
  const TemperatureFit fit = fit_temperature(right);
  EXPECT_FALSE(fit.found);
  EXPECT_EQ(fit.temperature, 1);
  EXPECT_EQ(fit.before, fit.after);
  // As often right as its probability says: the temperature is 1.
  std::vector<ScoredExample> fair(75, {{std::log(0.75), std::log(0.25)}, {0}});
  fair.resize(100, {{std::log(0.75), std::log(0.25)}, {1}});
  EXPECT_NEAR(fit_temperature(fair).temperature, 1, 1e-6);
  // Labels that share a pair are likeliest where they share its probability.
  const std::vector<ScoredExample> shared(10, {{std::log(0.9), std::log(0.1)}, {0, 1}});
  EXPECT_FALSE(fit_temperature(shared).found);  // the higher the temperature, the better
}

}  // namespace
}  // namespace relatum::task
