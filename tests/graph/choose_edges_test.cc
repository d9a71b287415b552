// The chosen set of edges: held to all subsets of small problems, and to its rules in large ones.
#include "graph/choose_edges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "support/edge_rules.h"

namespace relatum::graph {
namespace {

using testing::EdgeRules;
using ::testing::ElementsAre;
double gain_of(const std::vector<ChoiceEdge>& edges, const std::vector<bool>& chosen,
               const ChoiceOptions& options) {
  double gain = 0;
  for (size_t i = 0; i < edges.size(); ++i) {
    if (chosen[i]) gain += log_odds(edges[i].probability) - log_odds(options.threshold);
  }
  return gain;
}

double best_by_trying(const std::vector<ChoiceEdge>& edges, const EdgeRules& rules,
                      const ChoiceOptions& options) {
  double best = 0;  // nothing at all is always consistent
  for (uint32_t set = 1; set < uint32_t{1} << edges.size(); ++set) {
    std::vector<bool> chosen(edges.size());
    for (size_t i = 0; i < edges.size(); ++i) chosen[i] = set >> i & 1;
    const double gain = gain_of(edges, chosen, options);
    if (gain > best && rules.consistent(edges, chosen)) best = gain;
  }
  return best;
}

/// A schema with each rule and their mixtures, by chance.
Schema random_schema(std::mt19937& random) {
  std::string text = "[entities]\nA = \"a\"\nB = \"b\"\n";
  for (int i = 0; i < 4; ++i) {
    text += "[relations.r" + std::to_string(i) + "]\n";
    const bool symmetric = random() % 3 == 0;
    if (symmetric) text += "symmetric = true\n";
    else if (random() % 2) text += "acyclic = true\n";
    if (random() % 2) text += "max_per_head = " + std::to_string(1 + random() % 2) + "\n";
    if (!symmetric && random() % 4 == 0) text += "head = \"A\"\n";
  }
  if (random() % 2) {
    text += "[relations.s]\ninverse = \"t\"\nacyclic = true\n[relations.t]\nfunctional = true\n";
  }
  return Schema::parse(text, "s.toml");
}

std::vector<ChoiceEdge> random_edges(std::mt19937& random, size_t count, size_t nodes) {
  static const std::vector<std::string> kLabels = {"r0", "r1", "r2", "r3", "s", "t"};
  std::uniform_real_distribution<double> probability(0.05, 0.999);
  std::vector<ChoiceEdge> edges;
  for (size_t i = 0; i < count; ++i) {
    ChoiceEdge edge{random() % nodes, random() % nodes, kLabels[random() % kLabels.size()]};
    edge.head_type = edge.head % 3 ? "A" : "B";
    edge.tail_type = edge.tail % 3 ? "A" : "B";
    edge.probability = probability(random);
    edges.push_back(edge);
  }
  return edges;
}

TEST(ChooseEdges, EqualsTheBestOfAllSubsets) {
  std::mt19937 random(7);
  int chosen_at_all = 0;
  for (int round = 0; round < 1000; ++round) {
    const Schema schema = random_schema(random);
    ChoiceOptions options;
    options.several_labels = random() % 4 == 0;
    if (random() % 4 == 0) options.threshold = 0.3;
    const auto edges = random_edges(random, 1 + random() % 12, 2 + random() % 3);
    const EdgeRules rules(schema, options.several_labels);
    const EdgeChoice choice = choose_edges(edges, schema, options);
    ASSERT_TRUE(rules.consistent(edges, choice.chosen)) << "round " << round;
    const double best = best_by_trying(edges, rules, options);
    // Both are sums of at most 12 numbers below 30.
    const double rounding = 1e-9 * (1 + best);
    ASSERT_NEAR(choice.gain, best, rounding) << "round " << round;
    ASSERT_NEAR(gain_of(edges, choice.chosen, options), best, rounding) << "round " << round;
    ASSERT_NEAR(choice.bound, best, rounding);
    ASSERT_TRUE(choice.proven);
    chosen_at_all += best > 0;
  }
  EXPECT_GT(chosen_at_all, 500);
}

std::vector<ChoiceEdge> edges_of(
    const std::vector<std::tuple<size_t, size_t, std::string, double>>& given) {
  std::vector<ChoiceEdge> edges;
  for (const auto& [head, tail, label, p] : given) {
    edges.push_back({head, tail, label, "A", "A", p});
  }
  return edges;
}

Schema one_relation(const std::string& setting) {
  return Schema::parse("[relations.r]\n" + setting + "\n", "s.toml");
}

TEST(ChooseEdges, TakesEachEdgeAboveTheThresholdWhereNothingForbidsIt) {
  const auto edges = edges_of(
      {{0, 1, "r", 0.51}, {1, 2, "r", 0.5}, {2, 3, "r", 0.2}, {3, 3, "r", 0.9}, {4, 5, "q", 0.9}});
  EXPECT_THAT(choose_edges(edges, one_relation("")).chosen,
              ElementsAre(true, false, false, false, false));
  EXPECT_THAT(choose_edges(edges, Schema(), {.threshold = 0.1}).chosen,
              ElementsAre(true, true, true, false, true));
}

TEST(ChooseEdges, KeepsToOneLabelOfAPairUnlessSeveralAreMeant) {
  const auto edges = edges_of({{0, 1, "q", 0.8}, {0, 1, "r", 0.9}, {1, 0, "q", 0.7}});
  EXPECT_THAT(choose_edges(edges, Schema()).chosen, ElementsAre(false, true, true));
  EXPECT_THAT(choose_edges(edges, Schema(), {.several_labels = true}).chosen,
              ElementsAre(true, true, true));
}

TEST(ChooseEdges, TiesWhatIsOneFact) {
  // ln 9 − ln 4 is above 0, ln 9 − ln 19 below.
  EXPECT_THAT(
      choose_edges(edges_of({{0, 1, "r", 0.9}, {1, 0, "r", 0.2}}), one_relation("symmetric = true"))
          .chosen,
      ElementsAre(true, true));
  EXPECT_THAT(choose_edges(edges_of({{0, 1, "r", 0.9}, {1, 0, "r", 0.05}}),
                           one_relation("symmetric = true"))
                  .chosen,
              ElementsAre(false, false));
  EXPECT_THAT(choose_edges(edges_of({{0, 1, "r", 0.9}, {1, 0, "s", 0.2}}),
                           Schema::parse("[relations.r]\ninverse = \"s\"\n[relations.s]\n", "s"))
                  .chosen,
              ElementsAre(true, true));
}

TEST(ChooseEdges, CountsWhatIsImplied) {
  // s(1,0) and s(2,0) imply r(0,1) and r(0,2), of which a head has one.
  const Schema schema = Schema::parse(
      "[relations.r]\ninverse = \"s\"\nfunctional = true\n[relations.s]\n", "s");
  EXPECT_THAT(choose_edges(edges_of({{1, 0, "s", 0.8}, {2, 0, "s", 0.9}}), schema).chosen,
              ElementsAre(false, true));
  // Of a symmetric relation with one partner each, the middle one goes.
  EXPECT_THAT(choose_edges(edges_of({{0, 1, "r", 0.8}, {2, 1, "r", 0.9}, {2, 3, "r", 0.8}}),
                           one_relation("symmetric = true\nfunctional = true"))
                  .chosen,
              ElementsAre(true, false, true));
}

TEST(ChooseEdges, BreaksACycleAtItsWeakestEdge) {
  const auto edges = edges_of(
      {{0, 1, "r", 0.9}, {1, 2, "r", 0.7}, {2, 0, "r", 0.8}, {2, 1, "r", 0.6}});
  // Without 1 → 2 nothing leads from 1, so 2 → 1 closes no cycle either.
  EXPECT_THAT(choose_edges(edges, one_relation("acyclic = true")).chosen,
              ElementsAre(true, false, true, true));
}

TEST(ChooseEdges, SolvesFiveHundredEdges) {
  std::mt19937 random(11);
  for (const size_t nodes : {8, 25, 80}) {
    const Schema schema = random_schema(random);
    const auto edges = random_edges(random, 500, nodes);
    const EdgeChoice choice = choose_edges(edges, schema);
    EXPECT_TRUE(EdgeRules(schema, false).consistent(edges, choice.chosen)) << nodes;
    EXPECT_LE(choice.gain, choice.bound * (1 + 1e-9));
    // Whole after all: the sum is that of the set.
    EXPECT_NEAR(choice.gain, gain_of(edges, choice.chosen, {}), 1e-9 * (1 + choice.gain));
    const EdgeChoice again = choose_edges(edges, schema);
    EXPECT_EQ(again.chosen, choice.chosen);
  }
}

TEST(ChooseEdges, SaysWhereItsWorkDidNotSuffice) {
  std::mt19937 random(13);
  const Schema schema = random_schema(random);
  const auto edges = random_edges(random, 300, 12);
  const EdgeChoice short_one = choose_edges(edges, schema, {.most_work = 1});
  EXPECT_FALSE(short_one.proven);
  EXPECT_TRUE(EdgeRules(schema, false).consistent(edges, short_one.chosen));
  EXPECT_GT(short_one.gain, 0);
  const EdgeChoice full = choose_edges(edges, schema);
  EXPECT_GE(full.gain, short_one.gain);
  EXPECT_LE(full.gain, short_one.bound * (1 + 1e-9));
}

TEST(ChooseEdges, DoesNotDependOnTheOrderOfEdges) {
  std::mt19937 random(17);
  const Schema schema = random_schema(random);
  auto edges = random_edges(random, 60, 10);
  const EdgeChoice choice = choose_edges(edges, schema);
  std::vector<size_t> order(edges.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), random);
  std::vector<ChoiceEdge> shuffled;
  for (const size_t i : order) shuffled.push_back(edges[i]);
  const EdgeChoice other = choose_edges(shuffled, schema);
  for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(other.chosen[i], choice.chosen[order[i]]);
}

}  // namespace
}  // namespace relatum::graph
