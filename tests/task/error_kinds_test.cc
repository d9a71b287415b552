// Kinds of mistakes, counted by hand and as SemEval's scorer counts them.
#include "task/error_kinds.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "support.h"
#include "task/evaluate.h"
#include "task/semeval_scorer.h"

namespace relatum::task {
namespace {

using Pairs = std::vector<std::pair<std::vector<int32_t>, std::vector<int32_t>>>;

ScoredLabels scored(const std::vector<std::string>& labels, const Pairs& pairs) {
  ScoredLabels all;
  all.labels = Labels(labels);
  all.scope = {int32_t(labels.size()), int32_t(labels.size())};
  for (const auto& [gold, answers] : pairs) {
    all.gold.push_back(gold);
    all.predicted.push_back(answers);
  }
  return all;
}

const std::vector<std::string> kLabels = {"born(e1,e2)", "born(e2,e1)", "owns", "no_relation"};

TEST(Directions, AreTheLabelsEnd) {
  EXPECT_EQ(split_direction("born(e1,e2)").relation, "born");
  EXPECT_TRUE(split_direction("born(e2,e1)").reversed);
  EXPECT_FALSE(split_direction("born(e1,e2)").reversed);
  EXPECT_FALSE(split_direction("owns").directed);
  EXPECT_FALSE(split_direction("(e1,e2)").directed);  // there would be no relation
  EXPECT_TRUE(same_relation_turned("born(e1,e2)", "born(e2,e1)"));
  EXPECT_FALSE(same_relation_turned("born(e1,e2)", "born(e1,e2)"));
  EXPECT_FALSE(same_relation_turned("born(e1,e2)", "died(e2,e1)"));
  EXPECT_FALSE(same_relation_turned("born(e1,e2)", "born"));
}

TEST(ErrorKinds, EachMistakeIsOne) {
  const ScoredLabels all = scored(kLabels, {{{0}, {0}},
                                            {{0}, {1}},
                                            {{0}, {2}},
                                            {{1}, {3}},
                                            {{3}, {2}},
                                            {{2}, {}},
                                            {{2}, {2, 0}},
                                            {{0, 2}, {3, 1}}});
  const ErrorKinds kinds = count_errors(all, 3);
  EXPECT_EQ(kinds.direction, 2);  // the last pair's, too: its directions are paired first
  EXPECT_EQ(kinds.relation, 1);
  EXPECT_EQ(kinds.missed, 2);
  EXPECT_EQ(kinds.spurious, 1);
  EXPECT_EQ(kinds.unanswered, 1);
  EXPECT_EQ(kinds.extra, 1);
  EXPECT_EQ(kinds.total(), 8);
  EXPECT_EQ(error_kind(all, 3, 0), "");
  EXPECT_EQ(error_kind(all, 3, 3), "missed");
  EXPECT_EQ(error_kind(all, 3, 7), "direction");
  EXPECT_EQ(count_errors(all, std::nullopt).relation, 4);  // no label means no relation
}

TEST(ErrorKinds, WithoutDirectionsTheyAreRight) {
  const ScoredLabels all = scored(kLabels, {{{0}, {1}}, {{1}, {1}}, {{2}, {0}}, {{3}, {3}}});
  const auto undirected = score_undirected(all, 3);
  ASSERT_TRUE(undirected);
  EXPECT_DOUBLE_EQ(undirected->accuracy, 0.75);
  EXPECT_DOUBLE_EQ(undirected->micro_relations->f1, 2.0 / 3);
  // born: 2 of 3 answers, 2 of 2 gold; owns: nothing; no_relation: all.
  EXPECT_DOUBLE_EQ(undirected->macro.f1, (0.8 + 0 + 1) / 3);
  EXPECT_DOUBLE_EQ(undirected->macro_relations->f1, 0.4);
  EXPECT_FALSE(score_undirected(scored({"a", "b"}, {{{0}, {1}}}), {}));
}

TEST(ErrorKinds, AreWhatSemevalsScorerStars) {
  const std::vector<std::string>& labels = semeval_labels();
  Pairs pairs;
  const Rng rng(3, 0);
  for (uint64_t i = 0; i < 500; ++i) {
    const auto gold = int32_t(rng.below(2 * i, labels.size()));
    const bool kept = rng.below(2 * i + 1, 3) == 0;
    const auto other = int32_t(rng.below(2 * i + 1, labels.size()));
    pairs.push_back({{gold}, {kept ? gold : (gold < 18 && i % 5 == 0 ? gold ^ 1 : other)}});
  }
  const ScoredLabels all = scored(labels, pairs);
  Confusion confusion(all.labels, 18);
  for (const auto& [gold, answers] : pairs) confusion.add(gold[0], answers[0]);
  const SemevalScores scores = score_semeval(confusion);
  int64_t starred = 0;
  for (const int64_t count : scores.official.wrong_direction) starred += count;
  EXPECT_GT(starred, 50);
  EXPECT_EQ(count_errors(all, 18).direction, starred);
  const auto undirected = score_undirected(all, 18);
  EXPECT_DOUBLE_EQ(undirected->accuracy, scores.undirected.accuracy_skipped_wrong());
  EXPECT_DOUBLE_EQ(undirected->micro_relations->f1, scores.undirected.micro.scores.f1);
  // Both are means of the relations' F1, added up in another order.
  EXPECT_NEAR(undirected->macro_relations->f1, scores.undirected.macro.f1, 1e-15 * 18);
}

TEST(Report, HasKindsIntervalsAndTheCurve) {
  const char* gold[] = {"a", "a", "a", "b", "b", "no_relation", "no_relation"};
  const char* answers[] = {"a", "b", "", "b", "no_relation", "no_relation", "a"};
  const double probabilities[] = {0.95, 0.55, 0, 1.0, 0.42, 0.0, 0.31};
  Dataset data;
  data.labels = Labels({"a", "b", "no_relation"});
  std::vector<Prediction> predictions(7);
  for (size_t i = 0; i < 7; ++i) {
    const std::string id = std::to_string(i);
    data.examples.push_back(testing::example(id, "a b " + id, "a", "b", gold[i]));
    predictions[i].id = id;
    if (!*answers[i]) continue;
    predictions[i].label = answers[i];
    predictions[i].probability = probabilities[i];
  }
  const task::Report report = evaluate(data, predictions);
  EXPECT_EQ(report.errors.relation, 1);
  EXPECT_EQ(report.errors.missed, 1);
  EXPECT_EQ(report.errors.spurious, 1);
  EXPECT_EQ(report.errors.unanswered, 1);
  EXPECT_FALSE(report.undirected);
  ASSERT_TRUE(report.curve);
  EXPECT_EQ(report.curve->from, "probability");
  EXPECT_EQ(report.curve->relations, 5);
  EXPECT_EQ(report.curve->points.size(), 4u);  // of a and b alone
  ASSERT_TRUE(report.accuracy_interval);
  EXPECT_LT(report.accuracy_interval->low, report.accuracy);
}

}  // namespace
}  // namespace relatum::task
