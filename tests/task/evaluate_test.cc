// Joining, reports and predictions files.
#include "task/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/json.h"
#include "support.h"
#include "task/holdout.h"
#include "task/report.h"
#include "task/semeval_scorer.h"
#include "task/utf8.h"

namespace relatum::task {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::error_of;
using testing::example;
using testing::Scratch;
using testing::slurp;

Dataset data_of(const std::vector<std::string>& gold, const Labels& labels) {
  Dataset data;
  data.name = "test.jsonl";
  data.labels = labels;
  for (size_t i = 0; i < gold.size(); ++i)
    data.examples.push_back(example(std::to_string(i), "a b", "a", "b", gold[i]));
  return data;
}

Prediction answer(int id, std::optional<std::string> label, std::optional<double> p = {}) {
  Prediction prediction;
  prediction.id = std::to_string(id);
  prediction.label = std::move(label);
  prediction.probability = p;
  return prediction;
}

const Labels kAbn({"a", "b", "no_relation"});

Report small_report() {
  const Dataset data = data_of({"a", "a", "a", "b", "b", "no_relation", "no_relation"}, kAbn);
  const std::vector<Prediction> predictions = {
      answer(6, "a", 0.31), answer(0, "a", 0.95), answer(1, "b", 0.55), answer(2, {}),
      answer(3, "b", 1.0),  answer(4, "no_relation", 0.42), answer(5, "no_relation", 0.0)};
  return evaluate(data, predictions);
}

TEST(Evaluate, FillsTheReport) {
  const Report report = small_report();
  EXPECT_EQ(report.examples, 7);
  EXPECT_EQ(report.unparsed, 1);
  EXPECT_EQ(report.missing, 0);
  EXPECT_DOUBLE_EQ(report.accuracy, 3.0 / 7);
  EXPECT_EQ(report.official.name, "tacred_micro");
  EXPECT_DOUBLE_EQ(report.official.scores->f1, 4.0 / 9);
  EXPECT_EQ(report.negative, "no_relation");
  ASSERT_EQ(report.per_label.size(), 3u);
  EXPECT_EQ(report.per_label[0].support, 3);
  EXPECT_DOUBLE_EQ(report.per_label[0].scores.precision, 0.5);
  ASSERT_EQ(report.worst.size(), 4u);
  int64_t total = 0;
  for (const auto& row : report.matrix)
    for (const int64_t count : row) total += count;
  EXPECT_EQ(total, 7);
  EXPECT_EQ(report.matrix[0], (std::vector<int64_t>{1, 1, 0, 1}));
  ASSERT_TRUE(report.calibration);
  EXPECT_EQ(report.calibration->count, 6);
  EXPECT_EQ(report.calibration->bins[9].count, 2);  // 0.95 and 1.0
  EXPECT_EQ(report.calibration->bins[0].count, 1);
  EXPECT_DOUBLE_EQ(report.calibration->bins[9].accuracy, 1.0);
}

TEST(Evaluate, ErrorsNameIds) {
  const Dataset data = data_of({"a", "b"}, kAbn);
  const auto error = [&](const std::vector<Prediction>& predictions) {
    return error_of([&] { evaluate(data, predictions); });
  };
  EXPECT_THAT(error({answer(0, "a")}), AllOf(HasSubstr("'1'"), HasSubstr("--missing wrong")));
  EXPECT_THAT(error({answer(0, "a"), answer(1, "b"), answer(2, "a")}), HasSubstr("'2'"));
  EXPECT_THAT(error({answer(0, "a"), answer(1, "b"), answer(1, "a")}),
              AllOf(HasSubstr("'1'"), HasSubstr("more than once")));
  EXPECT_THAT(error({answer(0, "a"), answer(1, "c")}), AllOf(HasSubstr("'c'"), HasSubstr("'1'")));
  EXPECT_THAT(error({answer(0, "a", 1.5), answer(1, "b")}), HasSubstr("1.5"));
  Dataset bare = data;
  bare.examples[1].label.reset();
  EXPECT_THAT(error_of([&] { evaluate(bare, std::vector{answer(0, "a"), answer(1, "b")}); }),
              HasSubstr("'1'"));
  EvaluateOptions options;
  options.negative = "none";
  EXPECT_THAT(error_of([&] {
                evaluate(data, std::vector{answer(0, "a"), answer(1, "b")}, options);
              }), HasSubstr("--negative"));
}

TEST(Evaluate, MissingMayCountAsWrong) {
  const Dataset data = data_of({"a", "b"}, kAbn);
  EvaluateOptions options;
  options.missing_is_wrong = true;
  const Report report = evaluate(data, std::vector{answer(0, "a")}, options);
  EXPECT_EQ(report.examples, 2);
  EXPECT_EQ(report.missing, 1);
  EXPECT_EQ(report.unparsed, 1);
  EXPECT_DOUBLE_EQ(report.accuracy, 0.5);
}

TEST(Evaluate, AnOpenInventoryTakesPredictedLabels) {
  Dataset data = data_of({"a", "b"}, Labels({"a", "b"}));
  data.open_labels = true;
  const Report report = evaluate(data, std::vector{answer(0, "c"), answer(1, "b")});
  EXPECT_EQ(report.per_label.size(), 3u);
  EXPECT_EQ(report.official.name, "micro_all");
}

TEST(Evaluate, NegativeMayBeNamed) {
  const Dataset data = data_of({"a", "b"}, Labels({"a", "b"}));
  EvaluateOptions options;
  options.negative = "b";
  const Report report = evaluate(data, std::vector{answer(0, "a"), answer(1, "a")}, options);
  EXPECT_EQ(report.official.name, "tacred_micro");
  EXPECT_DOUBLE_EQ(report.official.scores->precision, 0.5);
}

TEST(Bootstrap, IsRepeatableAndHoldsTheFigure) {
  const Labels labels({"a", "b"});
  std::vector<int32_t> gold, predicted;
  for (int i = 0; i < 400; ++i) {
    gold.push_back(i % 2);
    predicted.push_back(i % 5 == 0 ? 1 - i % 2 : i % 2);
  }
  const Confusion confusion(labels, {}, gold, predicted);
  const Interval interval = bootstrap(confusion, gold, predicted, {});
  EXPECT_EQ(interval.samples, 1000);
  EXPECT_LT(interval.low, 0.8);
  EXPECT_GT(interval.high, 0.8);
  // 0.8 of 400: the normal interval is 0.8 ± 1.96 · 0.02, so both ends lie within 4 of them.
  EXPECT_GT(interval.low, 0.72);
  EXPECT_LT(interval.high, 0.88);
  const Interval again = bootstrap(confusion, gold, predicted, {});
  EXPECT_EQ(again.low, interval.low);
  EXPECT_EQ(again.high, interval.high);
  EvaluateOptions other;
  other.seed = 2;
  EXPECT_NE(bootstrap(confusion, gold, predicted, other).low, interval.low);
}

TEST(Report, JsonHasTheInterfacesShape) {
  const nlohmann::json json = io::parse_json(to_json(small_report()), "report");
  EXPECT_EQ(json.at("examples"), 7);
  EXPECT_EQ(json.at("unparsed"), 1);
  EXPECT_DOUBLE_EQ(json.at("accuracy"), 3.0 / 7);
  EXPECT_EQ(json.at("official").at("name"), "tacred_micro");
  EXPECT_DOUBLE_EQ(json.at("official").at("f1"), 4.0 / 9);
  for (const char* name : {"micro_all", "tacred_micro", "macro", "no_relation", "rag4re"})
    for (const char* figure : {"precision", "recall", "f1"})
      EXPECT_TRUE(json.at("metrics").at(name).at(figure).is_number()) << name;
  EXPECT_TRUE(json.at("metrics").at("semeval_macro").is_null());
  EXPECT_EQ(json.at("per_label").at("a").at("support"), 3);
  EXPECT_DOUBLE_EQ(json.at("interval").at("level"), 0.95);
  EXPECT_EQ(json.at("interval").at("samples"), 1000);
  EXPECT_LE(json.at("interval").at("low"), json.at("interval").at("high"));
}

TEST(Report, TextReadsWell) {
  const std::string text = to_text(small_report());
  EXPECT_THAT(text, AllOf(HasSubstr("test.jsonl: 7 examples, 1 unparsed"), HasSubstr("44.44"),
                          HasSubstr("(unparsed)"), HasSubstr("95 % interval"),
                          HasSubstr("official"), HasSubstr("calibration")));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(utf8_length(line), 100) << line;
}

TEST(Report, HtmlIsSelfContainedAndEscaped) {
  const Labels labels({"<script>alert(1)</script>", "b & \"c\""});
  Dataset data = data_of({labels.name(0), labels.name(1)}, labels);
  data.name = "<img src=x>";
  const Report report =
      evaluate(data, std::vector{answer(0, labels.name(1), 0.5), answer(1, labels.name(1), 0.9)});
  const std::string page = to_html(report);
  EXPECT_THAT(page, AllOf(HasSubstr("<!doctype html>"), HasSubstr("&lt;script&gt;"),
                          HasSubstr("b &amp; &quot;c&quot;"), Not(HasSubstr("<script")),
                          Not(HasSubstr("<img")), Not(HasSubstr("http")),
                          HasSubstr("prefers-color-scheme: dark")));
  EXPECT_THAT(page, HasSubstr("Reliability"));
  EXPECT_THAT(to_html(evaluate(data, std::vector{answer(0, {}), answer(1, {})})),
              Not(HasSubstr("Reliability")));
}

TEST(Report, ControlCharactersStayOutOfTheTerminal) {
  const Labels labels({"a\x1b[31m", "b"});
  const Dataset data = data_of({labels.name(0), "b"}, labels);
  const Report report = evaluate(data, std::vector{answer(0, "b"), answer(1, "b")});
  EXPECT_THAT(to_text(report), Not(HasSubstr("\x1b")));
}

TEST(Predictions, GoBothWays) {
  const Scratch scratch;
  Prediction full = answer(7, "a", 0.25);
  full.answer = "a \"é\"\n";
  full.neighbours = {{"12", 0.5}};
  full.scores = {{"b", 0.75}, {"a", 0.25}};
  write_predictions(scratch.path("p.jsonl"), std::vector{full, answer(8, {})});
  EXPECT_EQ(slurp(scratch.path("p.jsonl")),
            "{\"id\":\"7\",\"label\":\"a\",\"probability\":0.25,\"answer\":\"a \\\"é\\\"\\n\","
            "\"neighbours\":[{\"id\":\"12\",\"similarity\":0.5}],"
            "\"scores\":{\"b\":0.75,\"a\":0.25}}\n"
            "{\"id\":\"8\",\"label\":null,\"probability\":null,\"answer\":\"\","
            "\"neighbours\":[]}\n");
  const auto read = read_predictions(scratch.path("p.jsonl"));
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].label, "a");
  EXPECT_EQ(read[0].probability, 0.25);
  EXPECT_EQ(read[0].neighbours[0].id, "12");
  EXPECT_EQ(read[0].scores.size(), 2u);
  EXPECT_EQ(read[1].label, std::nullopt);
  EXPECT_EQ(read[1].line, 2);
}

TEST(Predictions, ReadTabLines) {
  const Scratch scratch;
  const auto read =
      read_predictions(scratch.file("p.txt", "1\tCause-Effect(e1,e2)\r\n\n2\t\n3\tOther"));
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0].label, "Cause-Effect(e1,e2)");
  EXPECT_EQ(read[1].label, std::nullopt);
  EXPECT_EQ(read[2].line, 4);
}

TEST(Predictions, BadFilesAreNamed) {
  const Scratch scratch;
  for (const auto& [text, place] : std::vector<std::pair<std::string, std::string>>{
           {"", "p.txt"},
           {"1 Other\n", "p.txt:1"},
           {"1\ta\tb\n", "p.txt:1"},
           {"{\"id\":\"1\",\"label\":\"a\"}\n{\"id\":1,\"label\":\"a\"}\n", "p.txt:2"},
           {"{\"id\":\"1\"}\n", "p.txt:1"},
           {"{\"id\":\"1\",\"label\":\"a\",\"probability\":\"x\"}\n", "p.txt:1"},
           {"{\"id\":\"1\",\"label\":\"a\",\"neighbours\":[1]}\n", "p.txt:1"},
           {"{" + std::string(100000, '[') + "\n", "p.txt:1"}}) {
    const std::string path = scratch.file("p.txt", text);
    EXPECT_THAT(error_of([&] { read_predictions(path); }), HasSubstr(place)) << text.substr(0, 99);
  }
}

TEST(HoldOut, IsRepeatableAndKeepsDuplicatesTogether) {
  std::vector<Example> examples;
  for (int i = 0; i < 100; ++i)  // ten pairs that differ in case and space only
    examples.push_back(example(std::to_string(i), i < 90 ? "a b" + std::to_string(i)
                                                         : "A  b" + std::to_string(i - 90),
                               i < 90 ? "a" : "A", "b"));
  const Split split = hold_out(examples, 30, 1);
  EXPECT_EQ(split.held_out.size(), 30u);
  EXPECT_EQ(split.kept.size(), 70u);
  EXPECT_TRUE(std::is_sorted(split.kept.begin(), split.kept.end()));
  const auto held = [&](int64_t i) {
    return std::binary_search(split.held_out.begin(), split.held_out.end(), i);
  };
  for (int64_t i = 0; i < 10; ++i) EXPECT_EQ(held(i), held(90 + i)) << i;
  EXPECT_EQ(hold_out(examples, 30, 1).held_out, split.held_out);
  EXPECT_NE(hold_out(examples, 30, 2).held_out, split.held_out);
  for (const int64_t count : {0, -1, 100, 101})
    EXPECT_THAT(error_of([&] { hold_out(examples, count, 1); }), HasSubstr("hold out"));
}

}  // namespace
}  // namespace relatum::task
