// Strongly connected parts, and the shortest ways back along arrows that are nearly taken.
#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>
#include <functional>
#include <limits>
#include <queue>
#include <set>

#include "graph/packing_part.h"

namespace relatum::graph {
namespace {

constexpr size_t kNone = std::numeric_limits<size_t>::max();
constexpr double kBroken = 1e-6;  // cycles that are broken by less count as kept

struct Back {
  double length = std::numeric_limits<double>::infinity();
  size_t arrow = kNone;  // the one that leads here
};

// Dijkstra's: how little is missing on the ways from a node to each other one.
std::vector<Back> ways_from(size_t start, const std::vector<Arrow>& arrows,
                            const std::vector<std::vector<size_t>>& leaving,
                            const std::vector<double>& taken) {
  std::vector<Back> ways(leaving.size());
  ways[start].length = 0;
  using Open = std::pair<double, size_t>;
  std::priority_queue<Open, std::vector<Open>, std::greater<>> open;
  open.emplace(0.0, start);
  while (!open.empty()) {
    const auto [length, node] = open.top();
    open.pop();
    if (length > ways[node].length) continue;
    for (const size_t each : leaving[node]) {
      const Arrow& arrow = arrows[each];
      const double longer = length + std::max(0.0, 1 - taken[arrow.item]);
      if (longer >= 1 || longer >= ways[arrow.to].length) continue;
      ways[arrow.to] = {longer, each};
      open.emplace(longer, arrow.to);
    }
  }
  return ways;
}

}  // namespace

std::vector<size_t> strong_parts(const std::vector<Arrow>& arrows, size_t nodes) {
  boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS> graph(nodes);
  for (const Arrow& arrow : arrows) boost::add_edge(arrow.from, arrow.to, graph);
  std::vector<size_t> part(nodes);
  boost::strong_components(graph, boost::make_iterator_property_map(
                                      part.begin(), boost::get(boost::vertex_index, graph)));
  return part;
}

std::vector<std::vector<size_t>> broken_cycles(const std::vector<Arrow>& arrows,
                                               const std::vector<double>& taken) {
  std::vector<std::vector<size_t>> leaving(node_count(arrows));
  for (size_t i = 0; i < arrows.size(); ++i) {
    if (taken[arrows[i].item] > kBroken) leaving[arrows[i].from].push_back(i);
  }
  std::set<std::vector<size_t>> found;
  for (size_t start = 0; start < leaving.size(); ++start) {
    if (leaving[start].empty()) continue;
    const std::vector<Back> ways = ways_from(start, arrows, leaving, taken);
    for (const Arrow& last : arrows) {
      if (last.to != start || taken[last.item] <= kBroken) continue;
      const double missing = ways[last.from].length + 1 - taken[last.item];
      if (!(missing < 1 - kBroken)) continue;
      std::vector<size_t> cycle = {last.item};
      for (size_t node = last.from; node != start; node = arrows[ways[node].arrow].from) {
        cycle.push_back(arrows[ways[node].arrow].item);
      }
      std::sort(cycle.begin(), cycle.end());
      found.insert(std::move(cycle));
    }
  }
  return {found.begin(), found.end()};
}

}  // namespace relatum::graph
