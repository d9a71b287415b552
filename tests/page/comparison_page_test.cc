// The page of two systems' answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "page/assets.h"
#include "page/page_data.h"

namespace relatum::page {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace testing;

task::Comparison compared(size_t files) {
  const task::Labels labels({"a<b>", "b", "no_relation"});
  const std::vector<std::string> gold = {"a<b>", "a<b>", "b", "b", "no_relation", "b"};
  const task::Dataset data = data_of(gold, labels);
  task::Side first, second;
  for (size_t f = 0; f < files; ++f) {
    first.files.push_back("a" + std::to_string(f) + "<.jsonl");
    second.files.push_back("b" + std::to_string(f) + ".jsonl");
    std::vector<task::Prediction> worse, better;
    for (size_t i = 0; i < gold.size(); ++i) {
      better.push_back(answer(i, gold[i]));
      worse.push_back(answer(i, i % 3 == f % 3 ? "no_relation" : gold[i]));
    }
    first.runs.push_back(worse);
    second.runs.push_back(better);
  }
  return task::compare(data, first, second, {.samples = 50});
}

ComparedAnswers without_records(size_t files) {
  const std::vector<jobs::AnswersRecord> none(files);
  return {none, none};
}

jobs::AnswersRecord recorded(const std::string& record) {
  jobs::AnswersRecord answers;
  answers.record = record;
  return answers;
}

// Model, adapter, prompt, data, threshold and temperature, side by side.
TEST(ComparisonPage, SaysWhatAAndBAre) {
  const std::string a =
      R"({"model":"tiny","adapter":"runs/<one>","prompt":"roles","data":"test.jsonl",)"
      R"("temperature":1.5,"threshold":0.25,"time":"2026-01-01"})";
  const std::string b = R"({"model":"tiny","adapter":"runs/two","prompt":"compact",)"
                        R"("data":"other.jsonl","temperature":1,"time":"2026-01-02"})";
  const std::string page = comparison_page(compared(1), {{recorded(a)}, {recorded(b)}}, "");
  const auto row = [&](const std::string& name) {
    const size_t at = page.find("<tr><th scope=\"row\">" + name);
    return at == page.npos ? "" : page.substr(at, page.find("</tr>", at) - at);
  };
  const std::string differs = "<span class=\"badge\">differs</span>";
  EXPECT_THAT(row("model"),
              AllOf(HasSubstr("tiny</td><td class=\"words\">tiny"), Not(HasSubstr(differs))));
  EXPECT_THAT(row("adapter"), AllOf(HasSubstr("runs/&lt;one&gt;</td><td class=\"words\">runs/two"),
                                    HasSubstr(differs)));
  EXPECT_THAT(row("prompt"), HasSubstr("roles</td><td class=\"words\">compact"));
  EXPECT_THAT(row("temperature"), HasSubstr("1.5</td><td class=\"words\"></td>"));
  EXPECT_THAT(row("threshold"), HasSubstr("0.25</td><td class=\"words\"></td>"));
  EXPECT_THAT(row("answered from"),
              HasSubstr("<td class=\"words\"></td><td class=\"words\">other.jsonl"));
  EXPECT_THAT(row("answers"), Not(HasSubstr(differs)));
  EXPECT_THAT(page, Not(HasSubstr("lies no record")));
  EXPECT_EQ(data_in(page)["answers"]["second"][0]["adapter"], "runs/two");
}

TEST(ComparisonPage, SaysOfHowManyFilesNothingIsKnown) {
  const auto seed = [](const char* adapter) {
    return recorded(std::string(R"({"model":"tiny","adapter":")") + adapter + "\"}");
  };
  const std::string page = comparison_page(
      compared(3), {{seed("one"), seed("two"), seed("one")}, {seed("one"), {}, {}}}, "");
  EXPECT_THAT(page, HasSubstr("one, two</td><td class=\"words\">one</td>"));
  EXPECT_THAT(page, HasSubstr("Beside 2 of the 3 files of B lies no record"));
  EXPECT_THAT(page, Not(HasSubstr("files of A lies no record")));
  EXPECT_TRUE(data_in(page)["answers"]["second"][1].is_null());
}

// What is not known of one side is not another thing.
TEST(ComparisonPage, NothingDiffersFromWhatIsNotKnown) {
  const jobs::AnswersRecord known = recorded(R"({"model":"tiny","time":"2026-01-01"})");
  const jobs::AnswersRecord other = recorded(R"({"model":"large","time":"2026-01-02"})");
  const auto marks = [&](const jobs::AnswersRecord& a, const jobs::AnswersRecord& b) {
    return count_of(comparison_page(compared(1), {{a}, {b}}, ""), ">differs</span>");
  };
  EXPECT_EQ(marks(known, other), 1u);
  EXPECT_EQ(marks(known, {}), 0u);
  EXPECT_EQ(marks({}, known), 0u);
}

TEST(ComparisonPage, ShowsDifferencesWithTheirTests) {
  const task::Comparison comparison = compared(1);
  const std::string page = comparison_page(comparison, without_records(1), "2026-01-31T12:00:00Z");
  for (const char* part : {"a0&lt;.jsonl", "b0.jsonl", "McNemar", "exact (binomial)", "B - A",
                           "50 draws of 6 texts", "a&lt;b&gt;", "2026-01-31T12:00:00Z"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_THAT(page, Not(HasSubstr("Over the files")));
  const auto held = data_in(page);
  EXPECT_EQ(held["kind"], "comparison");
  EXPECT_EQ(held["comparison"], nlohmann::ordered_json::parse(task::to_json(comparison)));
  EXPECT_EQ(count_of(page, "data-chart=\"differences\""), has_charts() ? 1u : 0u);
}

TEST(ComparisonPage, SaysWhichSideTheIntervalShows) {
  task::Comparison comparison = compared(1);
  task::FigureComparison& official = comparison.figures[0];
  const auto says = [&](double difference, double low, double high) {
    official.difference = difference;
    official.interval = {low, high};
    return comparison_page(comparison, without_records(1), "");
  };
  EXPECT_THAT(says(0.1, 0.02, 0.2), HasSubstr("B is most likely the better one"));
  EXPECT_THAT(says(-0.1, -0.2, -0.02), HasSubstr("A is most likely the better one"));
  EXPECT_THAT(says(0.1, -0.1, 0.2), HasSubstr("The interval holds 0"));
}

TEST(ComparisonPage, SeedsHaveTheirSpread) {
  const std::string page = comparison_page(compared(3), without_records(3), "");
  EXPECT_THAT(page, AllOf(HasSubstr("Over the files"), HasSubstr("Welch's t"),
                          HasSubstr("means of their files")));
}

}  // namespace
}  // namespace relatum::page
