// The page of one system's answers: what it shows, what it holds back, and that it is safe.
#include "page/evaluation_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "page/assets.h"
#include "page/page_data.h"
#include "task/report.h"

namespace relatum::page {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace testing;
using nlohmann::ordered_json;
using task::Dataset;
using task::Labels;
using task::Prediction;

const Labels kLabels({"a", "b", "no_relation"});

std::string small_page(const Origin& origin = {}) {
  const Dataset data = data_of({"a", "a", "b", "no_relation", "b"}, kLabels);
  return page_of(data,
                 {answer(0, "a", 0.9), answer(1, "b", 0.8), answer(2, "b", 0.7),
                  answer(3, "no_relation", 0.6), answer(4, {})},
                 origin);
}

TEST(EvaluationPage, IsOneFileThatAsksForNothing) {
  const std::string page = small_page();
  EXPECT_THAT(page, AllOf(HasSubstr("<!doctype html>"), HasSubstr("default-src 'none'"),
                          HasSubstr("prefers-color-scheme: dark")));
  // Beside the library's own text (licences, names of XML) nothing has an address.
  std::string own = page;
  if (has_charts()) own.erase(own.find(chart_script()), chart_script().size());
  for (const char* part : {"{{", "http:", "https:", "src=", "<link", "url("}) {
    EXPECT_THAT(own, Not(HasSubstr(part)));
  }
  for (const char* title : {"Figures", "Labels", "Confusion matrix", "Calibration", "Threshold",
                            "Training", "Where it fails", "Wrong answers: 2"}) {
    EXPECT_THAT(page, HasSubstr(std::string("-title\">") + title + "</h2>"));
  }
}

TEST(EvaluationPage, IsCompleteAsTables) {
  const std::string page = small_page();
  for (const char* caption :
       {"All figures", "All labels", "Bins of equal mass", "points of the curve",
        "gold label and answer", "2 mistakes in all"}) {
    EXPECT_THAT(page, HasSubstr(caption));
  }
  EXPECT_EQ(count_of(page, "data-chart=") > 0, has_charts());
  EXPECT_EQ(count_of(page, "The same as a table") > 0, has_charts());
  EXPECT_EQ(count_of(page, "<script>"), has_charts() ? 2u : 1u);
}

TEST(EvaluationPage, HoldsWhatTheCommandsPrint) {
  const Dataset data = data_of({"a", "b", "a"}, kLabels);
  const std::vector<Prediction> answers = {answer(0, "a", 0.9), answer(1, "a", 0.8),
                                           answer(2, "a", 0.7)};
  const task::Report report = task::evaluate(data, answers, {.samples = 20});
  const task::Analysis analysis = task::analyse(data, answers, {}, {data.examples, "rows", true},
                                                {});
  const ordered_json held = data_in(evaluation_page({report, &analysis, {}}));
  EXPECT_EQ(held["kind"], "evaluation");
  EXPECT_EQ(held["evaluation"], ordered_json::parse(task::to_json(report)));
  EXPECT_EQ(held["analysis"], ordered_json::parse(task::to_json(analysis)));
  EXPECT_EQ(held["left_out"], ordered_json::array());
  for (const char* key : {"run", "training", "answers"}) EXPECT_TRUE(held[key].is_null()) << key;
}

TEST(EvaluationPage, HostileTextStaysText) {
  const Labels labels({"</script><script>window.owned=1</script>", "\"onclick='x'", "עברית",
                       "👩‍👩‍👧", "<!--", std::string(10'000, 'x'), "a\u202eb"});
  Dataset data;
  data.name = "<img src=x>";
  data.labels = labels;
  std::vector<Prediction> answers;
  for (int32_t i = 0; i < 7; ++i) {
    const std::string id = "<i>" + std::to_string(i) + "</i>";
    data.examples.push_back(
        example(id, "<b>x</b> meets </script><e1>y", "<b>x</b>", "<e1>y", labels.name(i)));
    answers.push_back(answer(0, labels.name((i + 1) % 7), 0.5));
    answers.back().id = id;
  }
  const std::string page = page_of(data, answers);
  const std::string head = part_of(page, "<body>", "<script type=");
  EXPECT_EQ(count_of(head, "<script"), 0u);
  for (const char* part : {"<img", "<b>x", "<i>0", "<e1>", "\u202e", "\"onclick", "<!--"}) {
    EXPECT_THAT(head, Not(HasSubstr(part))) << part;
  }
  EXPECT_EQ(count_of(page, "<script"),
            (has_charts() ? 3u : 2u) + count_of(std::string(chart_script()), "<script"));
  EXPECT_THAT(head, AllOf(HasSubstr("<bdi>עברית</bdi>"), HasSubstr("👩‍👩‍👧"),
                          HasSubstr("a[U+202E]b"), HasSubstr("<mark class=\"head\">&lt;b&gt;x")));
  const ordered_json held = data_in(page);
  EXPECT_EQ(held["evaluation"]["per_label"].size(), 7u);
  EXPECT_TRUE(held["evaluation"]["per_label"].contains(labels.name(0)));
  EXPECT_LT(page.size(), 1'000'000 + chart_script().size());
}

TEST(EvaluationPage, OfManyLabelsTheMostConfusedArePictured) {
  std::vector<std::string> names, gold;
  std::vector<Prediction> answers;
  for (size_t i = 0; i < 200; ++i) names.push_back("label-" + std::to_string(i));
  const Labels labels(names);
  for (size_t i = 0; i < 400; ++i) {
    gold.push_back(names[i % 200]);
    // Of the labels from 150 on, each second example is answered with the label before it.
    const bool wrong = i >= 200 && i % 200 >= 150;
    answers.push_back(answer(i, names[i % 200 - (wrong ? 1 : 0)], 0.9));
  }
  const std::string page = page_of(data_of(gold, labels), answers);
  const std::string matrix = part_of(page, "<section id=\"confusion\"", "</section>");
  EXPECT_THAT(matrix, AllOf(HasSubstr("Those with the most mistakes, 40 of 200 labels are shown."),
                            HasSubstr("<bdi>label-160</bdi>"), Not(HasSubstr("<bdi>label-3</bdi>")),
                            HasSubstr("25 of 50 pairs are shown")));
  EXPECT_EQ(count_of(matrix, "<bdi>label-"), 40u + 2 * 25);
  EXPECT_EQ(count_of(part_of(page, "<section id=\"labels\"", "</section>"), "<tr>"), 201u);
  EXPECT_THAT(data_in(page)["left_out"].dump(), HasSubstr("label_pair.groups: 20 of 50 entries"));
}

TEST(EvaluationPage, IsBoundedWhateverTheData) {
  constexpr size_t kRows = 15'509;
  std::vector<std::string> names, gold;
  std::vector<Prediction> answers;
  const std::string tail(200, 'x');
  for (size_t i = 0; i < 1000; ++i) names.push_back("label " + std::to_string(i) + tail);
  for (size_t i = 0; i < kRows; ++i) {
    gold.push_back(names[i % 1000]);
    answers.push_back(answer(i, i % 3 ? gold.back() : "stray " + std::to_string(i) + tail,
                             double(i % 997) / 997));
  }
  const std::string page = page_of(data_of(gold, Labels(names)), answers);
  // 300 labels and 300 stray answers with names of 200 letters in the data, fewer on the page.
  EXPECT_LT(page.size() - chart_script().size(), 1'500'000u);
  const ordered_json held = data_in(page);
  EXPECT_EQ(held["evaluation"]["per_label"].size(), 300u);
  EXPECT_EQ(held["evaluation"]["outside"].size(), 300u);
  EXPECT_THAT(held["left_out"].dump(), AllOf(HasSubstr("evaluation.per_label: 300 of 1,000"),
                                             HasSubstr("evaluation.outside: 300 of 5,170")));
  EXPECT_THAT(page, AllOf(HasSubstr("The most frequent 300 of 1,000 labels are shown."),
                          HasSubstr("The first 50 of 5,170")));
}

TEST(EvaluationPage, ShowsWrongAnswersMostConfidentFirst) {
  const Labels labels({"a", "b"});
  Dataset data = data_of(std::vector<std::string>(70, "a"), labels);
  std::vector<Prediction> answers;
  for (size_t i = 0; i < 70; ++i) answers.push_back(answer(i, i < 5 ? "a" : "b", double(i) / 100));
  const std::string page = page_of(data, answers);
  const std::string wrong = part_of(page, "<section id=\"wrong\"", "</section>");
  EXPECT_THAT(wrong, AllOf(HasSubstr("Wrong answers: 65"), HasSubstr("The first 50 of 65"),
                           HasSubstr("40 more"), HasSubstr("(69.0 %)")));
  EXPECT_LT(wrong.find("(69.0 %)"), wrong.find("(68.0 %)"));
  EXPECT_THAT(wrong, Not(HasSubstr("(19.0 %)")));  // the 51st
  EXPECT_THAT(part_of(page, "<section id=\"confusion\"", "</section>"), HasSubstr(">65</td>"));
}

TEST(EvaluationPage, RetrievedExamplesStandBelowTheirSentence) {
  const Dataset data = data_of({"a", "b"}, kLabels);
  std::vector<std::optional<task::NearestExample>> nearest(2);
  const task::Example stored = example("s<1>", "Nine <e1> lives", "Nine", "lives", "b");
  nearest[0] = task::NearestExample{"s<1>", 0.875, "b", stored};
  nearest[1] = task::NearestExample{"gone", 0.5, {}, {}};
  const std::vector<Prediction> answers = {answer(0, "b", 0.9), answer(1, "a", 0.8)};
  const std::string page = page_of(data, answers, {}, nearest);
  EXPECT_THAT(page, AllOf(HasSubstr("<mark class=\"head\">Nine</mark> &lt;e1&gt; "
                                    "<mark class=\"tail\">lives</mark>"),
                          HasSubstr("Retrieved, similarity 0.875"), HasSubstr("label not known"),
                          HasSubstr("s&lt;1&gt;"), Not(HasSubstr("looked up"))));
  EXPECT_THAT(page_of(data, answers, {}, nearest, true),
              AllOf(HasSubstr("Nearest in the index, similarity 0.875"),
                    HasSubstr("looked up for this page"), Not(HasSubstr("Retrieved, "))));
}

TEST(EvaluationPage, TellsOfTheRunThatWasNamed) {
  EXPECT_THAT(small_page(),
              AllOf(HasSubstr("no run was named"), Not(HasSubstr("Time and memory"))));
  Origin origin{"answers.jsonl", {}, jobs::RunHistory{}, "2026-01-31T12:00:00Z"};
  origin.answers.record = R"({"model": "tiny <1>", "seconds": 5.5})";
  origin.answers.seconds = 5.5;
  origin.run->folder = "runs/mine";
  origin.run->record = R"({"lr": 0.001, "options": {"rank": "16"}})";
  origin.run->seconds = 3900;
  origin.run->peak_rss_bytes = 1'500'000'000;
  origin.run->best_step = 20;
  origin.run->course = {20, {{1, 10, 2.5}, {11, 20, 1.25}}, {{20, "macro", 0.875, 0.9}}, 0};
  const std::string page = small_page(origin);
  for (const char* part : {"tiny &lt;1&gt;", "runs/mine", "1 h 05 min", "1.50 GB", "11 to 20",
                           "1.2500", "87.50", "kept", "options.rank", "2026-01-31T12:00:00Z"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  const ordered_json held = data_in(page);
  EXPECT_EQ(held["run"]["lr"], 0.001);
  EXPECT_EQ(held["training"]["loss"][1]["loss"], 1.25);
  EXPECT_EQ(held["training"]["dev"][0]["f1"], 0.875);
  EXPECT_EQ(held["answers"]["seconds"], 5.5);
}

TEST(EvaluationPage, TellsHowTheAnswersWereMade) {
  Origin origin{"answers.jsonl", {}, {}, "2026-01-31T12:00:00Z"};
  origin.warnings = {"the answers' record names another <run>."};
  const auto head_with = [&](const char* record) {
    origin.answers.record = record;
    Dataset data = data_of({"a"}, kLabels);
    data.name = "jsonl:some/where/test.jsonl?limit=1";
    return part_of(page_of(data, {answer(0, "a")}, origin), "<h1", "<nav");
  };
  EXPECT_THAT(
      head_with(R"({"temperature": 1.25, "threshold": 0.375, "multi_label": true, "data": "b"})"),
      AllOf(HasSubstr(">test.jsonl?limit=1</h1>"),
            HasSubstr("<dt>data</dt><dd>jsonl:some/where/test.jsonl?limit=1</dd>"),
            HasSubstr("<dt>temperature</dt><dd>1.25</dd>"),
            HasSubstr("<dt>threshold</dt><dd>0.375</dd>"),
            HasSubstr("<dt>several labels for a pair</dt><dd>yes</dd>"),
            HasSubstr("<dt>answered from</dt><dd>b</dd>"),
            HasSubstr("<p>the answers&#39; record names another &lt;run&gt;.</p>")));
  EXPECT_THAT(head_with(R"({"temperature": 1, "threshold": null, "multi_label": false,
                              "data": "jsonl:some/where/test.jsonl?limit=1",
                              "adapters": {"x": {}, "y": {}}})"),
              AllOf(Not(HasSubstr("temperature")), Not(HasSubstr("threshold")),
                    Not(HasSubstr("several labels")), Not(HasSubstr("answered from")),
                    HasSubstr("<dt>adapters</dt><dd>x, y</dd>")));
}

TEST(EvaluationPage, DataAreCalledByTheirFile) {
  EXPECT_EQ(data_title("conll04:/a b/c/"), "c");
  EXPECT_EQ(data_title("a/c/?limit=2"), "c?limit=2");
  EXPECT_EQ(data_title("a/b.jsonl?negative=/people/none"), "b.jsonl?negative=/people/none");
  EXPECT_EQ(data_title("semeval2010:TEST.TXT"), "semeval2010:TEST.TXT");
  EXPECT_EQ(data_title("/"), "/");
}

TEST(EvaluationPage, LeavesOutWhatThereIsNot) {
  const Dataset data = data_of({"a", "b"}, Labels({"a", "b"}));
  const std::string page = page_of(data, {answer(0, "a"), answer(1, "b")});
  for (const char* id : {"calibration", "threshold", "failures", "wrong", "costs", "record"}) {
    EXPECT_THAT(page, Not(HasSubstr(std::string("<section id=\"") + id))) << id;
  }
  const std::string figures = part_of(page, "<section id=\"figures\"", "</section>");
  EXPECT_THAT(figures,
              AllOf(Not(HasSubstr("semeval")), Not(HasSubstr("rag4re")), HasSubstr("micro_all")));
}

}  // namespace
}  // namespace relatum::page
