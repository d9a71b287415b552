// Capacities counted down, and a walk that looks whether an arrow would close a cycle.
#include <algorithm>

#include "graph/packing_part.h"

namespace relatum::graph {

size_t node_count(const std::vector<Arrow>& arrows) {
  size_t count = 0;
  for (const Arrow& arrow : arrows) count = std::max({count, arrow.from + 1, arrow.to + 1});
  return count;
}

GrowingSet::GrowingSet(const Packing& packing)
    : packing_(packing), groups_of_(packing.weights.size()), arrows_of_(packing.weights.size()),
      taken_(packing.weights.size()) {
  for (size_t g = 0; g < packing.groups.size(); ++g) {
    left_.push_back(packing.groups[g].capacity);
    for (const size_t member : packing.groups[g].members) groups_of_[member].push_back(g);
  }
  for (size_t g = 0; g < packing.acyclic.size(); ++g) {
    next_.emplace_back(node_count(packing.acyclic[g]));
    for (const Arrow& arrow : packing.acyclic[g]) {
      arrows_of_[arrow.item].push_back({g, arrow.from, arrow.to});
    }
  }
}

bool GrowingSet::closes_cycle(const Seat& seat) const {
  const auto& next = next_[seat.graph];
  std::vector<bool> seen(next.size());
  std::vector<size_t> open = {seat.to};
  while (!open.empty()) {
    const size_t node = open.back();
    open.pop_back();
    if (node == seat.from) return true;
    if (seen[node]) continue;
    seen[node] = true;
    open.insert(open.end(), next[node].begin(), next[node].end());
  }
  return false;
}

bool GrowingSet::take(size_t item) {
  if (taken_[item]) return false;
  for (const size_t group : groups_of_[item]) {
    if (left_[group] == 0) return false;
  }
  for (const Seat& seat : arrows_of_[item]) {
    if (closes_cycle(seat)) return false;
  }
  for (const size_t group : groups_of_[item]) --left_[group];
  for (const Seat& seat : arrows_of_[item]) next_[seat.graph][seat.from].push_back(seat.to);
  taken_[item] = true;
  value_ += packing_.weights[item];
  return true;
}

void GrowingSet::take_all(const std::vector<size_t>& order) {
  for (const size_t item : order) take(item);
}

}  // namespace relatum::graph
