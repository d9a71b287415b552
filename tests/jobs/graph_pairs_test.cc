// Which pairs of a document are asked, how, and what answers become.
#include "jobs/graph_pairs.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <tuple>

#include "base/rng.h"
#include "graph/windows.h"
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

/// All pairs of each window, one by one, and of these the nearest.
class PlainSearch {
 public:
  PlainSearch(const GraphPairRules& rules, const graph::DocumentResult& result)
      : rules_(rules), result_(result), windows_(result.sentences, rules.window) {}

  std::vector<AskedPair> run() {
    for (size_t window = 0; window < windows_.size(); ++window) {
      std::vector<Found> found = of(window);
      std::ranges::stable_sort(found, {}, &Found::distance);
      const size_t most = std::min(found.size(), size_t(rules_.most_pairs));
      for (size_t i = most; i < found.size(); ++i) counts.beyond += found[i].questions();
      found.resize(most);
      std::ranges::sort(found, {}, [](const Found& f) { return std::pair(f.first, f.second); });
      for (const Found& each : found) ask(each, windows_.span(window));
    }
    return std::move(asked_);
  }
  GraphPairCounts counts;

 private:
  struct Found {
    size_t first, second;
    int64_t distance;
    bool forward, backward;
    int64_t questions() const { return int64_t(forward) + int64_t(backward); }
  };

  std::vector<Found> of(size_t window) {
    std::vector<Found> found;
    const bool once = asked_once(rules_.labels);
    for (size_t first = 0; first < result_.mentions.size(); ++first) {
      for (size_t second = first + 1; second < result_.mentions.size(); ++second) {
        const graph::Mention &a = result_.mentions[first], &b = result_.mentions[second];
        if (windows_.of(a.span, b.span) != window || a.span == b.span) continue;
        if (a.type == b.type && a.text == b.text && a.gazetteer == b.gazetteer) continue;
        const Found each{first, second,
                         std::max<int64_t>(0, std::max(a.span.start, b.span.start) -
                                                  std::min(a.span.end, b.span.end)),
                         fits(a.type, b.type), !once && fits(b.type, a.type)};
        counts.other_types += (once ? 1 : 2) - each.questions();
        if (each.questions() == 0) continue;
        const bool far = rules_.most_distance && each.distance > *rules_.most_distance;
        if (far) counts.too_far += each.questions();
        else found.push_back(each);
      }
    }
    return found;
  }

  bool fits(const std::string& head, const std::string& tail) const {
    task::Example example;
    example.head.type = head;
    example.tail.type = tail;
    const auto mask = rules_.types->mask(example, rules_.labels,
                                         rules_.labels.name(*rules_.negative));
    for (size_t i = 0; i < mask.size(); ++i) {
      if (mask[i] && int32_t(i) != rules_.negative) return true;
    }
    return mask.empty();
  }

  void ask(const Found& each, const graph::Stretch& window) {
    if (each.forward) asked_.push_back({0, each.first, each.second, window});
    if (each.backward) asked_.push_back({0, each.second, each.first, window});
    counts.asked += each.questions();
  }

  const GraphPairRules& rules_;
  const graph::DocumentResult& result_;
  graph::Windows windows_;
  std::vector<AskedPair> asked_;
};

std::vector<std::string> told(const std::vector<AskedPair>& pairs, const GraphPairCounts& counts) {
  std::vector<std::string> lines;
  for (const AskedPair& each : pairs) {
    lines.push_back(
        fmt::format("{}>{} {}-{}", each.head, each.tail, each.window.start, each.window.end));
  }
  lines.push_back(fmt::format("{} asked, {} of other types, {} too far, {} beyond", counts.asked,
                              counts.other_types, counts.too_far, counts.beyond));
  return lines;
}

/// Sentences of ten letters with nested, repeated and crossing mentions, some of one name or span.
graph::DocumentResult drawn(const std::function<size_t(size_t)>& below) {
  graph::DocumentResult result;
  result.id = "d";
  const size_t sentences = 1 + below(5);
  for (size_t i = 0; i < sentences; ++i) {
    result.text += "abcdefghij ";
    result.sentences.push_back({int64_t(i) * 11, int64_t(i) * 11 + 10});
  }
  const char* types[] = {"A", "B", "C"};
  for (size_t n = below(20); n > 0; --n) {
    const auto start = int64_t(below(sentences * 11 - 1));
    const auto end = std::min(int64_t(result.text.size()), start + 1 + int64_t(below(9)));
    result.mentions.push_back({{start, end}, types[below(3)], 1, below(2) ? "x" : "y"});
  }
  if (below(2)) {
    std::ranges::stable_sort(result.mentions, {}, [](const auto& each) { return each.span.start; });
  }
  return result;
}

TEST(GraphPairs, AreThoseOfAPlainSearch) {
  const Rng rng(7, 0);
  uint64_t draw = 0;
  const auto below = [&](size_t n) { return size_t(rng.below(draw++, n)); };
  for (int round = 0; round < 2000; ++round) {
    const bool once = below(2);
    GraphPairRules rules{.labels = once ? kDirected : kPlain, .negative = once ? 3 : 2};
    rules.window = 1 + below(3);
    rules.most_pairs = below(2) ? int64_t(below(8)) : 200;
    if (below(3) == 0) rules.most_distance = int64_t(below(12));
    rules.types.emplace();
    for (size_t n = below(6); n > 0; --n) {
      task::Example example;
      example.head.type = std::string(1, char('A' + below(3)));
      example.tail.type = std::string(1, char('A' + below(3)));
      example.label = below(2) ? "married_to" : rules.labels.name(*rules.negative);
      rules.types->learn(example);
    }
    const graph::DocumentResult result = drawn(below);
    PlainSearch search(rules, result);
    const auto expected = search.run();
    GraphPairs pairs(rules);
    std::vector<AskedPair> all;
    pairs.add(result, 0, all);
    ASSERT_EQ(told(all, pairs.counts()), told(expected, search.counts)) << "round " << round;
  }
}

// 200,000 mentions and one that spans them have 20 billion pairs.
TEST(GraphPairs, ALargeSentenceTakesItsOwnMemory) {
  graph::DocumentResult result;
  result.id = "d";
  constexpr int64_t kMentions = 200'000;
  result.sentences = {{0, 2 * kMentions}};
  result.mentions.push_back({{0, 2 * kMentions}, "ORG", 1, "all"});
  for (int64_t i = 0; i < kMentions; ++i) {
    result.mentions.push_back({{2 * i, 2 * i + 1}, "PERSON", 1, std::to_string(i)});
  }
  GraphPairs pairs({.labels = kDirected, .negative = 3});
  std::vector<AskedPair> all;
  pairs.add(result, 0, all);
  EXPECT_EQ(all.size(), 200u);
  EXPECT_EQ(pairs.counts().beyond, (kMentions + 1) * kMentions / 2 - 200);
  for (size_t i = 0; i < all.size(); ++i) {  // within the one that spans all, the earlier ones
    EXPECT_EQ(all[i].head, 0u);
    EXPECT_EQ(all[i].tail, i + 1);
  }
}

TEST(GraphPairs, SayWhyAPairIsNotAsked) {
  GraphPairRules rules{.labels = kPlain, .negative = 2, .most_distance = 18, .most_pairs = 1};
  rules.schema = graph::Schema::parse(
      "[entities]\nPERSON = \"A human.\"\nORG = \"A firm.\"\n"
      "[relations.works_for]\nhead = \"PERSON\"\ntail = \"ORG\"\n",
      "schema.toml");
  GraphPairs pairs(rules);
  const auto result = graph_result(
      "d", {"[Ann|PERSON] and [Bo|PERSON] fly for [Acme|ORG] and [Beta|ORG].",
            "[Ann|PERSON] likes [Ann|PERSON]."});
  using Ends = std::pair<size_t, size_t>;
  const Ends asked[] = {{0, 5}, {4, 5}, {2, 1}, {0, 3}, {0, 2}};
  EXPECT_THAT(pairs.why_not(result, asked),
              ElementsAre(NotAsked::kOne, NotAsked::kOne, NotAsked::kTypes, NotAsked::kTooFar,
                          NotAsked::kBeyond));
  const Ends apart[] = {{1, 4}};
  EXPECT_THAT(pairs.why_not(result, apart), ElementsAre(NotAsked::kNoWindow));
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
