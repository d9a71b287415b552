// Whether a set of edges is consistent: docs/graph-output.md's rules, without the solver.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "graph/choose_edges.h"

namespace relatum::testing {

/// The rules as they are written down, of a set as it is: nothing of the solver.
class EdgeRules {
 public:
  /// The schema outlives them.
  EdgeRules(const graph::Schema& schema, bool several_labels)
      : schema_(schema), several_labels_(several_labels) {}

  bool consistent(const std::vector<graph::ChoiceEdge>& edges,
                  const std::vector<bool>& chosen) const {
    std::set<Atom> all;
    for (size_t i = 0; i < edges.size(); ++i) {
      if (!chosen[i]) continue;
      const graph::ChoiceEdge& edge = edges[i];
      if (edge.head == edge.tail) return false;
      if (!schema_.allows(edge.label, edge.head_type, edge.tail_type)) return false;
      add(all, edge);
    }
    for (size_t i = 0; i < edges.size(); ++i) {  // what is implied and was asked is chosen, too
      const Atom atom{edges[i].label, edges[i].head, edges[i].tail};
      if (!chosen[i] && all.contains(atom)) return false;
    }
    return within_limits(all) && without_cycles(all);
  }

 private:
  using Atom = std::tuple<std::string, size_t, size_t>;  // label, head, tail

  void add(std::set<Atom>& all, const graph::ChoiceEdge& edge) const {
    all.emplace(edge.label, edge.head, edge.tail);
    const graph::RelationType* relation = schema_.find(edge.label);
    if (relation && relation->symmetric) all.emplace(edge.label, edge.tail, edge.head);
    if (relation && !relation->inverse.empty()) {
      all.emplace(relation->inverse, edge.tail, edge.head);
    }
  }
  bool within_limits(const std::set<Atom>& all) const {
    std::map<std::pair<std::string, size_t>, int64_t> tails;
    std::map<std::pair<size_t, size_t>, int> labels;
    for (const auto& [label, head, tail] : all) {
      if (++labels[{head, tail}] > 1 && !several_labels_) return false;
      const graph::RelationType* relation = schema_.find(label);
      const int64_t count = ++tails[{label, head}];
      if (relation && relation->max_per_head && count > *relation->max_per_head) return false;
    }
    return true;
  }
  // Nodes without an arrow that leads to them go, until none is left or none is free.
  bool without_cycles(const std::set<Atom>& all) const {
    for (const graph::RelationType& relation : schema_.relations()) {
      if (!relation.acyclic) continue;
      std::set<std::pair<size_t, size_t>> arrows;
      for (const auto& [label, head, tail] : all) {
        if (label == relation.name) arrows.emplace(head, tail);
      }
      for (bool removed = true; removed;) {
        std::set<size_t> reached;
        for (const auto& [head, tail] : arrows) reached.insert(tail);
        removed = std::erase_if(arrows, [&](const auto& a) { return !reached.contains(a.first); });
      }
      if (!arrows.empty()) return false;
    }
    return true;
  }

  const graph::Schema& schema_;
  bool several_labels_;
};

}  // namespace relatum::testing
