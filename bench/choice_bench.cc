// Times the choice of edges of made-up documents, and holds each to the schema: choice_bench [EDGES
// [ROUNDS]]
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <nlohmann/json.hpp>
#include <random>

#include "base/error.h"
#include "base/stopwatch.h"
#include "graph/choose_edges.h"
#include "support/edge_rules.h"

namespace relatum::graph {
namespace {

constexpr const char* kSchema = R"(
[relations.works_for]
inverse = "employs"
max_per_head = 2
[relations.employs]
[relations.married_to]
symmetric = true
functional = true
[relations.lies_in]
acyclic = true
functional = true
[relations.part_of]
acyclic = true
[relations.likes]
)";

// Pairs by chance among `nodes` entities, each label asked of some of them; `sure` of the edges
// are likely, the rest unlikely, as a trained model's are.
std::vector<ChoiceEdge> edges_of(std::mt19937& random, size_t count, size_t nodes, double sure) {
  static const std::vector<std::string> kLabels = {"works_for", "employs", "married_to",
                                                   "lies_in",   "part_of", "likes"};
  std::uniform_real_distribution<double> part(0, 1);
  std::vector<ChoiceEdge> edges;
  while (edges.size() < count) {
    ChoiceEdge edge{random() % nodes, random() % nodes, kLabels[random() % kLabels.size()]};
    if (edge.head == edge.tail) continue;
    edge.probability = part(random) < sure ? 0.5 + 0.5 * part(random) : 0.5 * part(random);
    edges.push_back(edge);
  }
  return edges;
}

nlohmann::ordered_json measure(size_t count, size_t nodes, double sure, int rounds) {
  const Schema schema = Schema::parse(kSchema, "bench");
  const testing::EdgeRules rules(schema, false);
  std::vector<double> times;
  int proven = 0;
  double short_of = 0;
  int64_t branches = 0;
  for (int round = 0; round < rounds; ++round) {
    std::mt19937 random(static_cast<unsigned>(round));
    const auto edges = edges_of(random, count, nodes, sure);
    const Stopwatch watch;
    const EdgeChoice choice = choose_edges(edges, schema);
    times.push_back(1000 * watch.seconds());
    if (!rules.consistent(edges, choice.chosen)) {
      fail("choice_bench",
           fmt::format("round {} of {} edges chose a set that breaks the schema: do "
                       "not use its times.",
                       round, count));
    }
    proven += choice.proven;
    branches += choice.nodes;
    short_of = std::max(short_of, 1 - choice.gain / choice.bound);
  }
  std::sort(times.begin(), times.end());
  return {
      {"edges", count},           {"entities", nodes},    {"likely", sure},
      {"rounds", rounds},         {"proven", proven},     {"median_ms", times[times.size() / 2]},
      {"worst_ms", times.back()}, {"branches", branches}, {"most_short_of_bound", short_of}};
}

}  // namespace
}  // namespace relatum::graph

int main(int count, char** arguments) {
  try {
    const auto edges = size_t(count > 1 ? std::atoi(arguments[1]) : 500);
    const int rounds = count > 2 ? std::atoi(arguments[2]) : 30;
    for (const size_t nodes : {size_t{10}, size_t{25}, size_t{80}, size_t{250}}) {
      for (const double sure : {0.2, 1.0}) {
        fmt::print("{}\n", relatum::graph::measure(edges, nodes, sure, rounds).dump());
      }
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
