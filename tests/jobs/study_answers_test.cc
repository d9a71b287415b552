// Arms that give one answer to nearly all rows are named with it.
#include "jobs/study_answers.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace relatum::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

// A cell of 40 rows, of which `others` got another answer; the first `right` are right.
json cell(const std::string& key, const std::string& arm, int others, int right) {
  std::string answers, hits;
  for (int i = 0; i < 40; ++i) {
    answers += std::string(i ? " " : "") + (i < 40 - others ? "1" : "0");
    hits += i < right ? '1' : '0';
  }
  return {
      {"arm", arm}, {"key", key}, {"answers", answers}, {"right", hits}, {"labels", {"a", "b|c"}}};
}

std::string told(const json& cells) {
  json all = {{"cells", cells}, {"plan", json::array()}};
  std::vector<std::string> arms;
  for (const json& each : cells) {
    all["plan"].push_back({{"arm", each.at("arm")}, {"key", each.at("key")}});
    if (arms.empty() || arms.back() != each.at("arm")) arms.push_back(each.at("arm"));
  }
  return jobs::study_answers_text(all, arms);
}

TEST(StudyAnswers, NamesTheOneAnswerAndHowOftenItIsRight) {
  const std::string text = told(json::array({cell("1", "one", 2, 19), cell("2", "many", 3, 30)}));
  EXPECT_THAT(text, HasSubstr("one ('b\\|c' for 95 % of the rows, right for 50 % of these)."));
  EXPECT_EQ(text.find("many"), text.npos);
  EXPECT_EQ(told(json::array({cell("1", "one", 3, 19)})), "");
}

TEST(StudyAnswers, CountsCells) {
  const std::string text = told(json::array({cell("1", "arm", 0, 40), cell("2", "arm", 20, 0)}));
  EXPECT_THAT(text, HasSubstr("for 100 % of the rows, right for 100 % of these, in 1 of 2 cells)"));
}

TEST(StudyAnswers, TellsSeedsThatEndedInOtherAnswersApart) {
  json other = cell("2", "arm", 0, 0);
  other["labels"] = {"b", "a"};
  EXPECT_THAT(
      told(json::array({cell("1", "arm", 0, 20), other, cell("3", "arm", 2, 0)})),
      HasSubstr("arm ('b\\|c' for 98 % of the rows, right for 25 % of these, in 2 of 3 cells; "
                "'a' for 100 % of the rows,\nright for 0 % of these, in 1 of 3 cells)."));
}

TEST(StudyAnswers, PassesOverRecordsWithoutAnswers) {
  json lacks = cell("1", "arm", 0, 0), odd = lacks, none = lacks;
  lacks.erase("answers");
  EXPECT_EQ(told(json::array({lacks})), "");
  odd["labels"] = {"a"};
  EXPECT_EQ(told(json::array({odd})), "");
  none["answers"] = "- - - - - - - - - - - - - - - - - - - -";
  EXPECT_THAT(told(json::array({none})), HasSubstr("arm (no answer for 100 % of the rows)"));
}

}  // namespace
}  // namespace relatum::testing
