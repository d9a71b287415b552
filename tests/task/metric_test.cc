// The metrics of the registry against worked figures and published tables.
#include "task/metric.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <sstream>

#include "io/json.h"
#include "support.h"
#include "support/shared.h"
#include "task/relabel.h"
#include "task/semeval_scorer.h"
#include "task/tacred_labels.h"

namespace relatum::task {
namespace {

std::string printed(const Scores& scores) {
  return fmt::format("{:.2f} / {:.2f} / {:.2f}", 100 * scores.precision, 100 * scores.recall,
                     100 * scores.f1);
}

TEST(Metrics, AreWhatTheInterfaceNames) {
  std::vector<std::string> names;
  for (const Metric* each : metrics()) {
    names.emplace_back(each->name);
    EXPECT_FALSE(each->title.empty());
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"macro", "macro_relations", "micro_all", "no_relation",
                                             "rag4re", "semeval_macro", "tacred_micro"}));
  EXPECT_NE(testing::error_of([] { metric("f2"); }).find("macro"), std::string::npos);
}

TEST(Metrics, PerfectAnswersGiveOneWhereTheyApply) {
  for (const auto& names : {semeval_labels(), tacred_labels(), {"a", "b"}}) {
    const Labels labels(names);
    const auto negative = negative_label(labels);
    Confusion confusion(labels,
                        negative ? std::optional(int32_t(*labels.find(*negative))) : std::nullopt);
    for (int32_t i = 0; i < confusion.size(); ++i) confusion.add(i, i, i + 1);
    for (const Metric* each : metrics()) {
      const auto scores = each->compute(confusion);
      bool applies = true;
      if (each->name == "semeval_macro") applies = names.size() == 19;
      const bool of_negative = each->name == "tacred_micro" || each->name == "no_relation" ||
                               each->name == "macro_relations";
      if (of_negative) {
        applies = negative.has_value();
      }
      EXPECT_EQ(scores.has_value(), applies) << each->name;
      EXPECT_DOUBLE_EQ(scores.value_or(Scores{1, 1, 1}).f1, 1.0) << each->name;
    }
  }
}

TEST(Metrics, WorkedExample) {
  // gold a a a b b N N, answers a b - b N N a
  const Labels labels({"a", "b", "no_relation"});
  const std::vector<int32_t> gold = {0, 0, 0, 1, 1, 2, 2};
  const std::vector<int32_t> predicted = {0, 1, -1, 1, 2, 2, 0};
  const Confusion confusion(labels, 2, gold, predicted);
  EXPECT_EQ(printed(*metric("micro_all").compute(confusion)), "50.00 / 42.86 / 46.15");
  EXPECT_EQ(printed(*metric("tacred_micro").compute(confusion)), "50.00 / 40.00 / 44.44");
  EXPECT_EQ(printed(*metric("no_relation").compute(confusion)), "50.00 / 50.00 / 50.00");
  // a: 1/2, 1/3, 2/5; b: 1/2, 1/2, 1/2; N: 1/2, 1/2, 1/2
  EXPECT_EQ(printed(*metric("macro").compute(confusion)), "50.00 / 44.44 / 46.67");
  EXPECT_EQ(printed(*metric("macro_relations").compute(confusion)), "50.00 / 41.67 / 45.00");
  EXPECT_EQ(metric("semeval_macro").compute(confusion), std::nullopt);
  EXPECT_EQ(official_metric(confusion).name, "tacred_micro");
  const Confusion open(labels, {}, gold, predicted);
  EXPECT_EQ(official_metric(open).name, "micro_all");
  EXPECT_EQ(metric("no_relation").compute(open), std::nullopt);
  const Labels semeval(semeval_labels());
  EXPECT_EQ(official_metric(Confusion(semeval, 18)).name, "semeval_macro");
}

TEST(Metrics, TheOfficialOneIsToldFromInventoryAndFormat) {
  const Labels labels({"Cause-Effect(e1,e2)", "Other", "Cause-Effect"});
  const Confusion all(labels, 1);
  EXPECT_EQ(official_metric(all).name, "tacred_micro");
  Confusion scoped(labels, 1, LabelScope{2, 2});  // the last label is an answer's
  scoped.add(0, 2);
  EXPECT_EQ(official_metric(scoped).name, "semeval_macro");
  EXPECT_EQ(official_metric(scoped, "macro").name, "macro");
  EXPECT_EQ(official_metric(all, "semeval_macro").name, "tacred_micro");  // does not apply
}

TEST(Cells, CountEachGoldLabelAndEachAnswerOnce) {
  using Labels = std::vector<int32_t>;
  const auto cells = [](const Labels& gold, const Labels& predicted) {
    std::string text;
    for (const Cell& cell : cells_of(gold, predicted)) {
      text += fmt::format("{}:{} ", cell.gold, cell.predicted);
    }
    return text;
  };
  EXPECT_EQ(cells({1}, {1}), "1:1 ");
  EXPECT_EQ(cells({1}, {2}), "1:2 ");
  EXPECT_EQ(cells({1}, {}), "1:-1 ");
  EXPECT_EQ(cells({1, 2}, {2}), "2:2 1:-1 ");
  EXPECT_EQ(cells({1, 2}, {3}), "1:3 2:-1 ");
  EXPECT_EQ(cells({1, 2}, {3, 2, 4}), "2:2 1:3 -1:4 ");
}

TEST(Confusion, CountsOnBothSides) {
  const Labels labels({"a", "b"});
  Confusion confusion(labels, {});
  confusion.add(0, 0, 2);
  confusion.add(0, 1);
  confusion.add(1, Confusion::kNone);
  confusion.add(Confusion::kNone, 1, 3);
  EXPECT_EQ(confusion.golds(), 4);
  EXPECT_EQ(confusion.answers(), 6);
  EXPECT_EQ(confusion.correct(), 2);
  EXPECT_EQ(confusion.gold_count(0), 3);
  EXPECT_EQ(confusion.predicted_count(1), 4);
  EXPECT_EQ(confusion.at(Confusion::kNone, 1), 3);
  EXPECT_EQ(confusion.at(1, 0), 0);
  ASSERT_EQ(confusion.entries().size(), 4u);
  EXPECT_EQ(confusion.entries()[0].cell.gold, Confusion::kNone);
  confusion.clear();
  EXPECT_EQ(confusion.golds() + confusion.answers() + confusion.correct(), 0);
  EXPECT_TRUE(confusion.entries().empty());
}

TEST(Metrics, MacroLeavesOutLabelsThatTheGoldLacks) {
  const Labels labels({"a", "b", "c"});
  Confusion confusion(labels, {});
  confusion.add(0, 0, 3);
  confusion.add(1, 2, 1);
  EXPECT_EQ(printed(*metric("macro").compute(confusion)), "50.00 / 50.00 / 50.00");
}

TEST(Metrics, Rag4reIsTheInterfacesWorkedFigure) {
  const Labels labels(tacred_labels());
  const auto none = int32_t(*labels.find("no_relation"));
  Confusion confusion(labels, none);
  confusion.add(none, none, 12184);
  confusion.add(int32_t(*labels.find("per:title")), none, 15509 - 12184);
  const Scores scores = *metric("rag4re").compute(confusion);
  EXPECT_EQ(fmt::format("{:.4f} {:.0f} {:.3f}", scores.precision, scores.recall, scores.f1),
            "0.7856 1 0.880");
  // A right "per:title" changes nothing: neither side is in the uncut list.
  confusion.add(int32_t(*labels.find("per:title")), int32_t(*labels.find("per:title")), 1000);
  EXPECT_DOUBLE_EQ(metric("rag4re").compute(confusion)->f1, scores.f1);
  // Of a gold label with spaces only the last word is left.
  const Labels spaced({"is founder of", "of", "x"});
  Confusion cut(spaced, {});
  cut.add(0, 0, 1);  // cut to "of", answered "is founder of": not equal
  cut.add(0, 1, 1);  // cut to "of", answered "of": equal
  EXPECT_EQ(printed(*metric("rag4re").compute(cut)), "50.00 / 50.00 / 50.00");
}

/// Gold labels and their ids in the order of the published predictions.
struct TacredTest {
  std::vector<std::string> ids, gold;
};

TacredTest read_gold(const std::filesystem::path& path) {
  TacredTest test;
  std::istringstream lines(testing::slurp(path));
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json row = io::parse_json(line, "cnn_test.jsonl");
    test.ids.push_back(row.at("id"));
    test.gold.push_back(row.at("label_true"));
  }
  return test;
}

std::string tacred_figures(const std::filesystem::path& predictions, const TacredTest& test) {
  const Labels labels(tacred_labels());
  Confusion confusion(labels, int32_t(*labels.find("no_relation")));
  std::istringstream lines(testing::slurp(predictions));
  size_t i = 0;
  for (std::string label; std::getline(lines, label); ++i) {
    confusion.add(int32_t(labels.index(test.gold.at(i), "gold")),
                  int32_t(labels.index(label, "predicted")));
  }
  EXPECT_EQ(i, 15509u);
  EXPECT_EQ(official_metric(confusion).name, "tacred_micro");
  return printed(*official_metric(confusion).compute(confusion));
}

TEST(PublishedTable, TacredAndTacrevComeOutToTheDigit) {
  const std::string folder = "tacrev/published-predictions/";
  const auto gold = relatum::testing::shared_file(folder + "cnn_test.jsonl");
  const auto patch_file = relatum::testing::shared_file("tacrev/test_patch.json");
  RELATUM_NEEDS(gold);
  RELATUM_NEEDS(patch_file);
  const TacredTest test = read_gold(*gold);
  TacredTest revisited = test;
  const Patch patch = load_patch("tacrev:" + patch_file->string());
  for (size_t i = 0; i < test.ids.size(); ++i) {
    if (patch.labels.contains(test.ids[i])) {
      revisited.gold[i] = patch.labels.find(test.ids[i])->second;
    }
  }
  const std::vector<std::array<std::string, 3>> table = {
      {"tre", "70.06 / 64.96 / 67.42", "75.84 / 74.86 / 75.35"},
      {"spanbert", "70.79 / 70.86 / 70.83", "75.60 / 80.56 / 78.00"},
      {"knowbert_wordnet_wiki", "71.44 / 71.61 / 71.52", "76.84 / 82.00 / 79.34"}};
  for (const auto& [model, tacred, tacrev] : table) {
    const auto file = relatum::testing::shared_file(folder + model + "_tacred_test.txt");
    RELATUM_NEEDS(file);
    EXPECT_EQ(tacred_figures(*file, test), tacred) << model;
    EXPECT_EQ(tacred_figures(*file, revisited), tacrev) << model;
  }
}

}  // namespace
}  // namespace relatum::task
