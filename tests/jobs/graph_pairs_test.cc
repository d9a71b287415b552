// Which pairs of a document are asked, how, and what answers become.
#include "jobs/graph_pairs.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/graph_results.h"

namespace relatum::jobs {
namespace {

using ::testing::ElementsAre;
using testing::graph_result;

const task::Labels kPlain({"works_for", "married_to", "no_relation"});
const task::Labels kDirected({"works_for(e1,e2)", "works_for(e2,e1)", "married_to", "Other"});

graph::DocumentResult document() {
  return graph_result("d", {"[Ann|PERSON] and [Bo|PERSON] fly for [Acme|ORG].",
                            "[Ann|PERSON] likes [Ann|PERSON]."});
}

std::vector<std::string> asked(GraphPairRules rules, const graph::DocumentResult& result,
                               GraphPairCounts* counts = nullptr) {
  GraphPairs pairs(std::move(rules));
  std::vector<AskedPair> all;
  pairs.add(result, 0, all);
  if (counts) *counts = pairs.counts();
  std::vector<std::string> lines;
  for (const AskedPair& each : all) {
    lines.push_back(
        fmt::format("{}>{} {}-{}", each.head, each.tail, each.window.start, each.window.end));
  }
  return lines;
}

TEST(GraphPairs, BothDirectionsOfEachPairOfASentence) {
  GraphPairCounts counts;
  EXPECT_THAT(asked({.labels = kPlain, .negative = 2}, document(), &counts),
              ElementsAre("0>1 0-24", "1>0 0-24", "0>2 0-24", "2>0 0-24", "1>2 0-24", "2>1 0-24"));
  EXPECT_EQ(counts.asked, 6);
}

TEST(GraphPairs, LabelsWithADirectionAreAskedOnce) {
  EXPECT_THAT(asked({.labels = kDirected, .negative = 3}, document()),
              ElementsAre("0>1 0-24", "0>2 0-24", "1>2 0-24"));
}

TEST(GraphPairs, AWindowReachesAcrossSentences) {
  const auto result = graph_result("d", {"[Ann|PERSON] sat.", "It rained.", "[Bo|PERSON] too."});
  EXPECT_THAT(asked({.labels = kDirected, .negative = 3, .window = 2}, result), ElementsAre());
  EXPECT_THAT(asked({.labels = kDirected, .negative = 3, .window = 3}, result),
              ElementsAre("0>1 0-27"));
}

TEST(GraphPairs, TheSchemaAndTheRunsTypesSayWhichPairs) {
  GraphPairRules rules{.labels = kPlain, .negative = 2};
  rules.schema = graph::Schema::parse(
      "[entities]\nPERSON = \"A human.\"\nORG = \"A firm.\"\n"
      "[relations.works_for]\nhead = \"PERSON\"\ntail = \"ORG\"\n",
      "schema.toml");
  GraphPairCounts counts;
  EXPECT_THAT(asked(rules, document(), &counts), ElementsAre("0>2 0-24", "1>2 0-24"));
  EXPECT_EQ(counts.asked, 2);
  EXPECT_EQ(counts.other_types, 4);
  // Asked once, a pair fits where a label fits in either direction.
  rules.labels = kDirected;
  rules.negative = 3;
  EXPECT_THAT(asked(rules, graph_result("d", {"[Acme|ORG] has [Ann|PERSON]."})),
              ElementsAre("0>1 0-13"));
  EXPECT_THAT(asked(rules, graph_result("d", {"[Bo|PERSON] sees [Ann|PERSON]."})), ElementsAre());
  rules = {.labels = kPlain, .negative = 2};
  rules.types.emplace();
  const auto learn = [&](const char* head, const char* tail, const char* label) {
    task::Example example;
    example.head.type = head;
    example.tail.type = tail;
    example.label = label;
    rules.types->learn(example);
  };
  learn("PERSON", "PERSON", "no_relation");
  learn("PERSON", "ORG", "works_for");
  EXPECT_THAT(asked(rules, document()),  // of (ORG, PERSON) nothing is known
              ElementsAre("0>2 0-24", "2>0 0-24", "1>2 0-24", "2>1 0-24"));
}

TEST(GraphPairs, DistanceAndNumberAreLimited) {
  GraphPairRules rules{.labels = kDirected, .negative = 3, .most_distance = 9};
  GraphPairCounts counts;
  EXPECT_THAT(asked(rules, document(), &counts), ElementsAre("0>1 0-24", "1>2 0-24"));
  EXPECT_EQ(counts.too_far, 1);
  rules = {.labels = kPlain, .negative = 2, .most_pairs = 2};
  EXPECT_THAT(asked(rules, document(), &counts),
              ElementsAre("0>1 0-24", "1>0 0-24", "1>2 0-24", "2>1 0-24"));
  EXPECT_EQ(counts.beyond, 2);
}

TEST(GraphPairs, MentionsOfOneSpanOrOneNameAreNoPair) {
  auto result = graph_result("d", {"[Ann|PERSON] met [the Ann|PERSON], [Ann|DOG|Q1]."});
  result.mentions.push_back(result.mentions[0]);
  result.mentions.back().type = "CAT";
  EXPECT_THAT(asked({.labels = kDirected, .negative = 3}, result),
              ElementsAre("0>2 0-21", "1>2 0-21", "1>3 0-21", "2>3 0-21"));
}

// The second sentence, whose letters are not single bytes; its line end becomes a blank.
TEST(GraphPairs, AreAskedInTheTextOfTheirWindow) {
  OpenDocument open(graph_result("d", {"Ä.", "Ö\n[Änn|PERSON] sees [Bo|DOG]."}));
  GraphPairs pairs({.labels = kPlain, .negative = 2});
  std::vector<AskedPair> all;
  pairs.add(open.result, 0, all);
  ASSERT_EQ(all.size(), 2u);
  const task::Example example = pairs.example(open, all[1]);
  EXPECT_EQ(example.text, "Ö Änn sees Bo.");
  EXPECT_EQ(head_text(example), "Bo");
  EXPECT_EQ(tail_text(example), "Änn");
  EXPECT_EQ(example.head.type, "DOG");
}

TEST(GraphPairs, AnswersAreEdgesOfBareLabels) {
  graph::DocumentResult result = document();
  GraphPairs pairs({.labels = kDirected, .negative = 3, .floor = 0.2});
  task::Prediction prediction;
  prediction.scores = {{"works_for(e1,e2)", 0.25},
                       {"works_for(e2,e1)", 0.375},
                       {"married_to", 0.125},
                       {"Other", 0.25}};
  pairs.add_edges({0, 0, 2, {0, 24}}, prediction, result);
  ASSERT_EQ(result.edges.size(), 2u);
  EXPECT_EQ(result.edges[0].label, "works_for");
  EXPECT_EQ(result.edges[0].head, 0u);
  EXPECT_EQ(result.edges[0].tail, 2u);
  EXPECT_EQ(result.edges[0].probability, 0.25);
  EXPECT_EQ(result.edges[1].label, "works_for");
  EXPECT_EQ(result.edges[1].head, 2u);
  EXPECT_EQ(result.edges[1].tail, 0u);
  EXPECT_EQ(result.edges[1].sentence, (graph::Stretch{0, 24}));
  pairs.add_edges({0, 0, 2, {0, 24}}, {}, result);  // too long for the model
  EXPECT_EQ(result.edges.size(), 2u);
  EXPECT_EQ(problem_of(result), "");
}

}  // namespace
}  // namespace relatum::jobs
