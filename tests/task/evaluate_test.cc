// Joining, reports and predictions files.
#include "task/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "io/json.h"
#include "support.h"
#include "task/report.h"
#include "task/semeval_scorer.h"

namespace relatum::task {
namespace {

using ::testing::AllOf;
using testing::error_of;
using testing::example;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Scratch;
using testing::slurp;

Dataset data_of(const std::vector<std::string>& gold, const Labels& labels) {
  Dataset data;
  data.name = "test.jsonl";
  data.labels = labels;
  for (size_t i = 0; i < gold.size(); ++i) {
    data.examples.push_back(
        example(std::to_string(i), "a b" + std::string(i, '.'), "a", "b", gold[i]));
  }
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
      answer(6, "a", 0.31),         answer(0, "a", 0.95),
      answer(1, "b", 0.55),         answer(2, {}),
      answer(3, "b", 1.0),          answer(4, "no_relation", 0.42),
      answer(5, "no_relation", 0.0)};
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
  for (const auto& [cell, count] : report.counts) total += count;
  EXPECT_EQ(total, 7);
  EXPECT_EQ(report.right, 3);
  EXPECT_EQ(report.wrong_count, 4);
  ASSERT_TRUE(report.calibration);
  EXPECT_EQ(report.calibration->count, 6);
  ASSERT_EQ(report.calibration->bins.size(), 6u);  // fewer than 15: each has its own
  EXPECT_DOUBLE_EQ(report.calibration->bins[5].accuracy, 1.0);
  EXPECT_NEAR(report.calibration->ece, (0.31 + 0.05 + 0.55 + 0 + 0.42 + 1) / 6, 1e-15);
  EXPECT_DOUBLE_EQ(report.calibration->accuracy, 0.5);
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
  EXPECT_THAT(error({answer(0, "a", 1.5), answer(1, "b")}), HasSubstr("1.5"));
  Dataset bare = data;
  bare.examples[1].label.reset();
  EXPECT_THAT(error_of([&] {
                evaluate(bare, std::vector{answer(0, "a"), answer(1, "b")});
              }),
              HasSubstr("'1'"));
  EvaluateOptions options;
  options.negative = "none";
  EXPECT_THAT(error_of([&] {
                evaluate(data, std::vector{answer(0, "a"), answer(1, "b")}, options);
              }),
              HasSubstr("--negative"));
}

TEST(Evaluate, MissingMayCountAsWrong) {
  const Dataset data = data_of({"a", "b"}, kAbn);
  EvaluateOptions options;
  options.missing_is_wrong = true;
  const Report report = evaluate(data, std::vector{answer(0, "a")}, options);
  EXPECT_EQ(report.examples, 2);
  EXPECT_EQ(report.missing, 1);
  EXPECT_EQ(report.unparsed, 0);
  EXPECT_EQ(evaluate(data, std::vector{answer(0, {})}, options).unparsed, 1);
  EXPECT_EQ(evaluate(data, {}, options).missing, 2);
  EXPECT_DOUBLE_EQ(report.accuracy, 0.5);
}

TEST(Evaluate, AnAnswerOutsideTheLabelsIsWrongAndNamed) {
  for (const bool open : {true, false}) {
    Dataset data = data_of({"a", "b", "b"}, Labels({"a", "b"}));
    data.open_labels = open;
    const Report report = evaluate(data,
                                   std::vector{answer(0, "c"), answer(1, "b"), answer(2, "Other")});
    EXPECT_EQ(report.per_label.size(), 2u);
    EXPECT_EQ(report.official.name, "micro_all");
    EXPECT_EQ(report.negative, std::nullopt);
    EXPECT_DOUBLE_EQ(report.official.scores->precision, 1.0 / 3);
    ASSERT_EQ(report.outside.size(), 2u);
    EXPECT_EQ(report.wrong_count, 2);
    ASSERT_EQ(report.warnings.size(), 1u);
    EXPECT_THAT(report.warnings[0],
                AllOf(HasSubstr("2 of 3 answers"), HasSubstr("'c' (1)"), HasSubstr("'Other' (1)")));
    EXPECT_THAT(to_text(report), HasSubstr("c "));  // among the confusions
  }
}

/// Figures and labels that a report shows, whatever the answers were.
std::string shape_of(const Report& report) {
  std::string shape = report.official.name + " " + report.negative.value_or("-");
  for (const NamedScores& each : report.metrics) {
    if (each.scores) shape += " " + each.name + (each.wanted ? "+" : "");
  }
  for (const LabelReport& each : report.per_label) shape += " " + each.label;
  return shape;
}

TEST(Evaluate, AnswersNeverSteerTheMeasure) {
  const std::vector<std::vector<std::string>> inventories = {
      {"a", "b"},
      {"a", "no_relation"},
      {"a", "Other"},
      {"Cause-Effect(e1,e2)", "Other"},
      {"Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)"},
      {"per:title", "no_relation"},
      {"title", "is founder of"}};
  for (const auto& labels : inventories) {
    for (const bool open : {true, false}) {
      Dataset data = data_of({labels[0], labels[1]}, Labels(labels));
      data.open_labels = open;
      const std::string shape = shape_of(
          evaluate(data, std::vector{answer(0, labels[0]), answer(1, labels[1])}));
      for (const char* stray : {"no_relation", "Other", "title", "founder", "NA", "Cause-Effect",
                                "Message-Topic(e1,e2)", "x y"}) {
        const Report report = evaluate(data,
                                       std::vector{answer(0, labels[0]), answer(1, stray, 0.5)});
        EXPECT_EQ(shape_of(report), shape) << stray;
        const Report none = evaluate(data, std::vector{answer(0, labels[0]), answer(1, {})});
        for (size_t i = 0; i < report.metrics.size(); ++i) {
          // No stray answer gains anything over no answer.
          const auto &with = report.metrics[i].scores, &without = none.metrics[i].scores;
          ASSERT_EQ(with.has_value(), without.has_value());
          if (with && Labels(labels).find(stray) == std::nullopt) {
            EXPECT_LE(with->f1, without->f1) << report.metrics[i].name << " " << stray;
          }
        }
      }
    }
  }
}

TEST(Evaluate, TheFormatNamesTheOfficialFigure) {
  const auto official = [](const std::string& format, const std::vector<std::string>& labels,
                           const EvaluateOptions& options = {}) {
    Dataset data = data_of({labels[0], labels[1]}, Labels(labels));
    data.format = format;
    return evaluate(data, std::vector{answer(0, labels[0]), answer(1, labels[0])}, options)
        .official.name;
  };
  const std::vector<std::string> semeval = {"Cause-Effect(e1,e2)", "Other"};
  const std::vector<std::string> tacred = {"per:title", "no_relation"};
  const std::vector<std::string> own = {"role", "part-of"};
  EXPECT_EQ(official("semeval2010", semeval), "semeval_macro");
  EXPECT_EQ(official("jsonl", semeval), "semeval_macro");
  EXPECT_EQ(official("csv", tacred), "tacred_micro");
  EXPECT_EQ(official("tacred", tacred), "tacred_micro");
  EXPECT_EQ(official("crossre", own), "macro");
  EXPECT_EQ(official("jsonl", own), "micro_all");
  EXPECT_EQ(official("tacred", own), "micro_all");  // there is no negative label
  EXPECT_EQ(official("crossre", own, {.official = "micro_all"}), "micro_all");
  EXPECT_EQ(official("jsonl", own, {.negative = "role"}), "tacred_micro");
  EXPECT_THAT(error_of([&] { official("jsonl", own, {.official = "tacred_micro"}); }),
              AllOf(HasSubstr("tacred_micro"), HasSubstr("micro_all, rag4re")));
}

TEST(Evaluate, GoldLabelsThatTheInventoryLacksAreScored) {
  Dataset data = data_of({"a", "b", "new", "new"}, Labels({"a", "b"}));
  const Report report = evaluate(
      data, std::vector{answer(0, "a"), answer(1, "b"), answer(2, "a"), answer(3, "b")});
  EXPECT_DOUBLE_EQ(report.accuracy, 0.5);
  EXPECT_EQ(report.per_label.size(), 3u);
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_THAT(report.warnings[0], AllOf(HasSubstr("2 gold labels"), HasSubstr("'new' (2)")));
  data = data_of({"Cause-Effect(e1,e2)", "Cause-Efect(e1,e2)"}, Labels(semeval_labels()));
  data.format = "semeval2010";
  const Report semeval = evaluate(
      data, std::vector{answer(0, "Cause-Effect(e1,e2)"), answer(1, "Cause-Effect(e1,e2)")});
  EXPECT_EQ(semeval.official.name, "semeval_macro");
  EXPECT_DOUBLE_EQ(semeval.official.scores->precision, 0.5);
  EXPECT_DOUBLE_EQ(semeval.official.scores->recall, 1.0);
}

TEST(Evaluate, HintsAtTheNegativeLabel) {
  for (const char* name : {"NA", "N/A", "None", "no relation", "NO_RELATION", "no-relation", "null",
                           "O", "other", "unrelated", "Negative", "NoRel"}) {
    const Dataset data = data_of({"a", name}, Labels({"a", name}));
    const std::vector<Prediction> right = {answer(0, "a"), answer(1, name)};
    const Report report = evaluate(data, right);
    ASSERT_EQ(report.warnings.size(), 1u) << name;
    EXPECT_THAT(report.warnings[0], HasSubstr("--negative '" + std::string(name) + "'"));
    EXPECT_TRUE(evaluate(data, right, {.negative = name}).warnings.empty()) << name;
  }
  for (const char* name : {"no_relation", "Other", "nation", "origin", "part of", "нет"}) {
    const Dataset data = data_of({"a", name}, Labels({"a", name}));
    EXPECT_TRUE(evaluate(data, std::vector{answer(0, "a"), answer(1, name)}).warnings.empty())
        << name;
  }
  const Dataset data = data_of({"a", "None"}, Labels({"a", "None"}));
  const std::string error = error_of([&] {
    evaluate(data, std::vector{answer(0, "a"), answer(1, "none")}, {.negative = "none"});
  });
  EXPECT_THAT(error, AllOf(HasSubstr("--negative 'none'"), HasSubstr("'None'")));
}

/// Two sentences with three pairs; the first pair has two labels.
Dataset several() {
  Dataset data = data_of({"a", "b", "c"}, Labels({"a", "b", "c"}));
  data.examples[0].more_labels = {"b"};
  data.format = "crossre";
  return data;
}

Prediction answers(int id, const std::vector<std::string>& labels) {
  Prediction prediction = answer(id, labels.empty() ? std::nullopt : std::optional(labels[0]), 0.9);
  prediction.labels = labels;
  return prediction;
}

Scores micro(const Report& report) {
  for (const NamedScores& each : report.metrics) {
    if (each.name == "micro_all") return each.scores.value_or(Scores{});
  }
  return {};
}

TEST(Evaluate, EachGoldLabelAndEachAnswerOfAPairCounts) {
  // One answer per pair: "b" is among the first pair's labels, its "a" stays unanswered.
  const Report single = evaluate(
      several(), std::vector{answer(0, "b", 0.9), answer(1, "b", 0.8), answer(2, "b", 0.7)});
  EXPECT_EQ(single.examples, 3);
  EXPECT_EQ(single.gold_labels, 4);
  EXPECT_EQ(single.unparsed, 0);
  EXPECT_DOUBLE_EQ(single.accuracy, 2.0 / 3);
  EXPECT_DOUBLE_EQ(micro(single).precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(micro(single).recall, 2.0 / 4);
  // b: 2 of 3 answers, 2 of 2 gold; a and c: nothing. CrossRE's mean over the three.
  EXPECT_EQ(single.official.name, "macro");
  EXPECT_DOUBLE_EQ(single.official.scores->f1, 0.8 / 3);
  EXPECT_DOUBLE_EQ(single.calibration->bins.back().accuracy, 1.0);  // 0.9: b is a gold label
  const Report both = evaluate(
      several(), std::vector{answers(0, {"a", "b"}), answers(1, {"b", "c"}), answers(2, {})});
  EXPECT_EQ(both.unparsed, 1);
  EXPECT_DOUBLE_EQ(both.accuracy, 1.0 / 3);  // c is wrong beside the second pair's b
  EXPECT_DOUBLE_EQ(micro(both).precision, 3.0 / 4);
  EXPECT_DOUBLE_EQ(micro(both).recall, 3.0 / 4);
  EXPECT_DOUBLE_EQ(both.exact_match, 1.0 / 3);
  EXPECT_EQ(both.errors.extra, 1);
  EXPECT_EQ(both.errors.unanswered, 1);
  EXPECT_THAT(to_text(both), AllOf(HasSubstr("3 examples with 4 gold labels"), HasSubstr("(none)"),
                                   HasSubstr("(no answer)")));
}

TEST(Evaluate, LabelsThatLookEqualAreEqual) {
  const std::string composed = "caf\u00e9", apart = "cafe\u0301";
  const Dataset data = data_of({composed, "a b"}, Labels({composed, "a b"}));
  const Report report = evaluate(data, std::vector{answer(0, apart), answer(1, "a b ")});
  EXPECT_EQ(report.right, 2);
  EXPECT_TRUE(report.warnings.empty());
}

TEST(Evaluate, NegativeMayBeNamed) {
  const Dataset data = data_of({"a", "b"}, Labels({"a", "b"}));
  EvaluateOptions options;
  options.negative = "b";
  const Report report = evaluate(data, std::vector{answer(0, "a"), answer(1, "a")}, options);
  EXPECT_EQ(report.official.name, "tacred_micro");
  EXPECT_DOUBLE_EQ(report.official.scores->precision, 0.5);
}

TEST(Report, JsonHasTheInterfacesShape) {
  const nlohmann::json json = io::parse_json(to_json(small_report()), "report");
  EXPECT_EQ(json.at("examples"), 7);
  EXPECT_EQ(json.at("unparsed"), 1);
  EXPECT_DOUBLE_EQ(json.at("accuracy"), 3.0 / 7);
  EXPECT_EQ(json.at("official").at("name"), "tacred_micro");
  EXPECT_DOUBLE_EQ(json.at("official").at("f1"), 4.0 / 9);
  for (const char* name : {"micro_all", "tacred_micro", "macro", "no_relation", "rag4re"}) {
    for (const char* figure : {"precision", "recall", "f1"}) {
      EXPECT_TRUE(json.at("metrics").at(name).at(figure).is_number()) << name;
    }
  }
  EXPECT_TRUE(json.at("metrics").at("semeval_macro").is_null());
  EXPECT_EQ(json.at("per_label").at("a").at("support"), 3);
  EXPECT_DOUBLE_EQ(json.at("interval").at("level"), 0.95);
  EXPECT_EQ(json.at("interval").at("samples"), 1000);
  EXPECT_LE(json.at("interval").at("low"), json.at("interval").at("high"));
  EXPECT_EQ(json.at("intervals").at("tacred_micro").at("low"), json.at("interval").at("low"));
  EXPECT_TRUE(json.at("intervals").at("semeval_macro").is_null());
  EXPECT_EQ(json.at("errors").at("missed"), 1);
  EXPECT_TRUE(json.at("undirected").is_null());
  EXPECT_EQ(json.at("calibration").at("bins").size(), 6u);
  EXPECT_TRUE(json.at("calibration").at("brier").is_number());
  EXPECT_EQ(json.at("threshold_curve").at("points").size(), 4u);
}

TEST(Report, TextReadsWell) {
  const std::string text = to_text(small_report());
  EXPECT_THAT(text, AllOf(HasSubstr("test.jsonl: 7 examples, 1 unparsed"), HasSubstr("44.44"),
                          HasSubstr("(unparsed)"), HasSubstr("negative label  no_relation"),
                          HasSubstr("official"), HasSubstr("calibration")));
  // Labels of one's own: the benchmarks' own figures are left out.
  EXPECT_THAT(text, AllOf(Not(HasSubstr("semeval_macro")), Not(HasSubstr("rag4re"))));
  EXPECT_THAT(to_text(evaluate(data_of({"a"}, kAbn), std::vector{answer(0, "a")})),
              AllOf(HasSubstr("1 example\n"), Not(HasSubstr("interval"))));
  const std::string right = to_text(evaluate(
      data_of({"a", "b", "a"}, kAbn), std::vector{answer(0, "a"), answer(1, "b"), answer(2, "a")}));
  EXPECT_THAT(right, AllOf(HasSubstr("100.00\n  no interval: "), Not(HasSubstr(" to 100"))));
  std::istringstream lines(text + right);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(utf8_length(line), 100) << line;
}

TEST(Report, ControlCharactersStayOutOfTheTerminal) {
  const Labels labels({"a\x1b[31m", "b"});
  const Dataset data = data_of({labels.name(0), "b"}, labels);
  const Report report = evaluate(data, std::vector{answer(0, "b"), answer(1, "b")});
  EXPECT_THAT(to_text(report), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace relatum::task
