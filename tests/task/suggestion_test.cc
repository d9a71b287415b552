// Answers as relations, rows of one text as one document, and the row that is written.
#include "task/suggestion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "datasets/support.h"

namespace relatum::task {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::told;

const Labels kLabels{{"runs", "owns", "no_relation"}};

Document met() {
  Document document;
  document.id = "d";
  document.text = "Ada met Bo in Pell";
  document.entities = {{"a", {0, 3, "PER"}}, {"b", {8, 10, "PER"}}, {"p", {14, 18, ""}}};
  document.unlabelled = true;
  return document;
}

Document pair_of(const std::string& id, Span head, Span tail) {
  Document document;
  document.id = id;
  document.text = "Ada met Bo in Pell";
  document.entities = {{"T1", std::move(head)}, {"T2", std::move(tail)}};
  document.pair = document.unlabelled = true;
  return document;
}

TEST(Suggestion, TheLikeliestLabelsBecomeRelations) {
  Suggestion suggestion{
      met(),
      {{"a", "b", {0.5, 0.25, 0.25}}, {"b", "a", {0.25, 0.25, 0.5}}, {"a", "p", {0.4, 0.4, 0.2}}}};
  fill_in(suggestion, kLabels, "no_relation");
  EXPECT_EQ(told(suggestion.document), "d: a=Ada:PER b=Bo:PER p=Pell: a-runs>b a-runs>p");
  fill_in(suggestion, kLabels, std::nullopt);
  EXPECT_EQ(suggestion.document.relations.size(), 3u);
}

TEST(Suggestion, APairKeepsTheLabelThatMeansNoRelation) {
  Suggestion suggestion{pair_of("p", {0, 3, ""}, {8, 10, ""}), {{"T1", "T2", {0, 0, 1}}}};
  fill_in(suggestion, kLabels, "no_relation");
  EXPECT_EQ(told(suggestion.document), "p: T1=Ada: T2=Bo: T1-no_relation>T2 (pair)");
}

TEST(Suggestion, ItsValueIsThatOfTheMostUncertainPair) {
  const std::vector<AskedPair> pairs = {{"a", "b", {1, 0, 0}}, {"b", "a", {0.5, 0.25, 0.25}}};
  EXPECT_EQ(most_uncertain(pairs, Uncertainty::kMargin), 0.75);
  EXPECT_EQ(most_uncertain({}, Uncertainty::kMargin), 0);
}

TEST(Suggestion, RowsOfOneTextShareTheirEntities) {
  const std::vector<Document> rows = {pair_of("7", {0, 3, "PER"}, {8, 10, "PER"}),
                                      pair_of("8", {8, 10, "PER"}, {14, 18, ""}),
                                      pair_of("9", {0, 3, "GOD"}, {14, 18, ""})};
  const Document merged = merged_rows(rows);
  EXPECT_EQ(told(merged), "7: T1=Ada:PER T2=Bo:PER T3=Pell: T4=Ada:GOD (unlabelled)");
  EXPECT_EQ(merged_id(merged, rows[1].entities[0]), "T2");
  EXPECT_EQ(merged_id(merged, rows[2].entities[0]), "T4");
}

TEST(Suggestion, ARowHasAnswersAndAllProbabilities) {
  Suggestion suggestion{
      met(), {{"a", "b", {0.5, 0.25, 0.25}}, {"b", "a", {0.25, 0.25, 0.5}}}, 0.75};
  fill_in(suggestion, kLabels, "no_relation");
  const std::string line = suggestion_line(suggestion, kLabels, Uncertainty::kMargin);
  EXPECT_TRUE(line.ends_with("}\n"));
  const json row = json::parse(line);
  EXPECT_EQ(row["value"], 0.75);
  EXPECT_EQ(row["relations"].dump(),
            R"([{"head":"a","label":"runs","probability":0.5,"tail":"b"}])");
  EXPECT_EQ(row["pairs"][1]["probabilities"].dump(),
            R"({"no_relation":0.5,"owns":0.25,"runs":0.25})");
  EXPECT_EQ(row["pairs"][1]["label"], "no_relation");
  const testing::Scratch scratch;
  LoadOptions options;
  std::vector<std::string> documents;
  const Dataset data = read_documents(
      parse_spec(scratch.file("s.jsonl", line)), options,
      [&](Document&& document) { documents.push_back(told(document)); });
  EXPECT_THAT(documents, ElementsAre("d: a=Ada:PER b=Bo:PER p=Pell: a-runs>b"));
  EXPECT_THAT(data.warnings, IsEmpty()) << "every key is known";
}

}  // namespace
}  // namespace relatum::task
