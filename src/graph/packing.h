// The heaviest set of things of which some exclude others: exact by branch and cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace relatum::graph {

/// Of `members`, at most `capacity` may be taken.
struct PackingGroup {
  std::vector<size_t> members;  ///< distinct
  int64_t capacity = 1;
};

/// Taking `item` draws an arrow between two nodes; the arrows of one graph may form no cycle.
struct Arrow {
  size_t item = 0, from = 0, to = 0;  ///< from != to
};

struct Packing {
  std::vector<double> weights;  ///< of each item, above 0
  std::vector<PackingGroup> groups;
  std::vector<std::vector<Arrow>> acyclic;  ///< an item has one arrow of a graph at most
};

struct PackingResult {
  std::vector<bool> taken;  ///< by item
  double value = 0;         ///< their weights together
  double bound = 0;         ///< no set that is allowed weighs more
  bool proven = true;       ///< none weighs more than this one, but for rounding
  int64_t nodes = 0;        ///< linear programs with their own branch
};

/// Items that no group or cycle ties together are settled apart. In each part the items are tried
/// greedily, then the linear relaxation is solved, with the cycles that it breaks as further
/// groups, and branched on where it is not whole. `most_work` bounds additions and
/// multiplications, never time, so that the result is the same on each machine; where it does not
/// suffice, the best set that was found is given, not proven.
PackingResult solve_packing(const Packing& packing, int64_t most_work);

}  // namespace relatum::graph
