// Rows apart by cues of their relation, and the table that a page has of them.
#include "jobs/study_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace relatum::testing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

// "A <word> B."
task::Example pair(const std::string& word, const std::string& label) {
  task::Example example;
  example.id = word + "-" + label;
  example.text = "Ana " + word + " Oslo.";
  example.head = {0, 3, ""};
  example.tail = {int64_t(5 + word.size()), int64_t(9 + word.size()), ""};
  example.label = label;
  return example;
}

task::Dataset rows(std::vector<task::Example> examples) {
  task::Dataset data;
  for (const task::Example& each : examples) data.labels.add(*each.label);
  data.examples = std::move(examples);
  data.count = int64_t(data.examples.size());
  return data;
}

// "left" is said of each who left, "for" of all alike.
task::Dataset training() {
  std::vector<task::Example> examples;
  for (int i = 0; i < 4; ++i) {
    examples.push_back(pair("left", "left"));
    examples.push_back(pair("for", "seeks"));
    examples.push_back(pair("for", "left"));
    examples.push_back(pair("for", "no_relation"));
  }
  return rows(std::move(examples));
}

TEST(StudyGroups, AreRowsWhoseWordsGiveTheirRelationAwayAndTheRest) {
  const task::Dataset asked = rows({pair("left", "left"), pair("for", "left"), pair("for", "seeks"),
                                    pair("left", "no_relation"), pair("left", "seeks")});
  const auto groups = jobs::study_groups(asked, training(), {});
  ASSERT_THAT(groups, SizeIs(2));
  EXPECT_EQ(groups[0].name, "explicit");
  EXPECT_THAT(groups[0].rows, ElementsAre(0));
  EXPECT_EQ(groups[1].name, "implicit");
  EXPECT_THAT(groups[1].rows, ElementsAre(1, 2, 4));
  const task::Dataset some = jobs::rows_of_group(asked, groups[1]);
  ASSERT_THAT(some.examples, SizeIs(3));
  EXPECT_EQ(some.examples[2].id, "left-seeks");
  task::Side side{{"a", "b"}, {{}, {}}};
  for (auto& run : side.runs) {
    for (const task::Example& each : asked.examples) run.emplace_back().id = each.id;
  }
  const task::Side answers = jobs::answers_of_group(side, groups[1]);
  EXPECT_THAT(answers.files, ElementsAre("a", "b"));
  ASSERT_THAT(answers.runs, SizeIs(2));
  ASSERT_THAT(answers.runs[1], SizeIs(3));
  EXPECT_EQ(answers.runs[1][1].id, "for-seeks");
}

TEST(StudyGroups, KnowTheLabelThatMeansNoRelationByName) {
  const task::Dataset asked = rows({pair("for", "seeks"), pair("for", "no_relation")});
  const auto groups = jobs::study_groups(asked, training(), "seeks");
  ASSERT_THAT(groups, SizeIs(1));
  EXPECT_EQ(groups[0].name, "implicit");
  EXPECT_THAT(groups[0].rows, ElementsAre(1));
}

TEST(StudyGroups, StandInATableWithTheirIntervals) {
  const auto group = [](int rows, double mean) {
    return json{{"rows", rows},
                {"accuracy", {{"mean", mean}, {"interval", {{"low", 0.25}, {"high", 0.75}}}}}};
  };
  json base = {{"arm", "base"},
               {"groups", {{"explicit", group(7, 0.5)}, {"implicit", group(9, 0.4)}}}};
  json other = {{"arm", "other"},
                {"groups", {{"explicit", group(7, 0.6)}, {"implicit", group(8, 0.3)}}}};
  other["groups"]["explicit"]["difference"] = {{"value", 0.1},
                                               {"interval", {{"low", -0.05}, {"high", 0.2}}}};
  const std::vector<const json*> arms = {&base, &other};
  const std::string text = jobs::study_groups_text(arms, &base);
  EXPECT_THAT(text, HasSubstr("| base | 50.0 (25.0 to 75.0) | baseline | 40.0 (25.0 to 75.0) | "
                              "baseline |"));
  EXPECT_THAT(text, HasSubstr("| other | 60.0 (25.0 to 75.0) | +10.0 (-5.0 to +20.0) | "
                              "30.0 (25.0 to 75.0) | other rows |"));
  EXPECT_THAT(text, HasSubstr("7 explicit, 9 implicit ones"));
  EXPECT_THAT(text, HasSubstr("so few rows say little"));
  EXPECT_EQ(jobs::difference_intervals_of_groups(arms), 1u);
  EXPECT_THAT(jobs::study_groups_text(arms, nullptr), Not(HasSubstr("against")));
  const json without = {{"arm", "base"}};
  const std::vector<const json*> none = {&without};
  EXPECT_EQ(jobs::study_groups_text(none, nullptr), "");
}

}  // namespace
}  // namespace relatum::testing
