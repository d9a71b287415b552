// One part of a packing, whose items are tied together, and sets of them that grow item by item.
#pragma once

#include <cstddef>
#include <vector>

#include "graph/packing.h"

namespace relatum::graph {

/// Takes items one by one, as long as groups and cycles allow them.
class GrowingSet {
 public:
  /// `packing` outlives it.
  explicit GrowingSet(const Packing& packing);
  /// Takes the item if it may; false where it may not.
  bool take(size_t item);
  /// Takes what may be taken, in this order.
  void take_all(const std::vector<size_t>& order);
  const std::vector<bool>& taken() const { return taken_; }
  double value() const { return value_; }

 private:
  struct Seat {
    size_t graph, from, to;
  };
  bool closes_cycle(const Seat& seat) const;

  const Packing& packing_;
  std::vector<std::vector<size_t>> groups_of_;  // by item
  std::vector<std::vector<Seat>> arrows_of_;    // by item
  std::vector<int64_t> left_;                   // of each group's capacity
  // By graph, by node: the nodes that arrows of taken items lead to.
  std::vector<std::vector<std::vector<size_t>>> next_;
  std::vector<bool> taken_;
  double value_ = 0;
};

/// Cycles of arrows whose items are taken by more than their number less one, one at most for
/// each arrow, as lists of items. `taken`: by item, 0 to 1.
std::vector<std::vector<size_t>> broken_cycles(const std::vector<Arrow>& arrows,
                                               const std::vector<double>& taken);

/// Numbers of the strongly connected parts that nodes 0 … nodes−1 belong to.
std::vector<size_t> strong_parts(const std::vector<Arrow>& arrows, size_t nodes);
/// One more than the largest node; 0 without arrows.
size_t node_count(const std::vector<Arrow>& arrows);

/// Solves a part that is not split further; takes what it does from `work`.
PackingResult solve_part(const Packing& packing, int64_t& work);

}  // namespace relatum::graph
