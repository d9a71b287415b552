// The most probable set of edges that a schema allows to stand together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/schema.h"

namespace relatum::graph {

struct ChoiceEdge {
  size_t head = 0, tail = 0;  ///< entities, by any numbers
  std::string label, head_type, tail_type;
  double probability = 0;  ///< that it holds, against that it does not
};

struct ChoiceOptions {
  /// An edge alone is taken where its probability is above this.
  double threshold = 0.5;
  /// Several labels may stand between one head and one tail.
  bool several_labels = false;
  /// What solve_packing may do: about a tenth of a second on a core of today (choice_bench).
  int64_t most_work = 12'000'000;
};

struct EdgeChoice {
  std::vector<bool> chosen;  ///< by edge
  /// The sum of the chosen edges' log-odds, less that of the threshold, and what no consistent set
  /// goes beyond.
  double gain = 0, bound = 0;
  bool proven = true;  ///< no consistent set has more, but for rounding
  int64_t nodes = 0;   ///< branches that were looked at
};

/// ln(p / (1 − p)), with p held to 1e-12 … 1 − 1e-12, so that no edge is beyond all others.
double log_odds(double probability);

/// Each edge holds or does not; taken as independent of one another, a set S has the probability
/// Π_{e∈S} p_e · Π_{e∉S} (1 − p_e). Its logarithm is a constant and the sum of the log-odds of S,
/// which is made as large as it can be among the sets that are consistent:
///
/// - each edge is one that the schema allows between its types, and has two ends;
/// - of a symmetric relation r(a,b) and r(b,a), of inverse ones r(a,b) and s(b,a), and of an edge
///   that is given twice, all are in S or none, and what is not given is implied by the other;
/// - with all that is implied, no head has more edges of a relation than max_per_head, an acyclic
///   relation has no cycle, and, unless several_labels, an ordered pair has one label.
///
/// An edge below the threshold is chosen with another that it is tied to, never alone. The result
/// does not depend on the order of the edges, but for sets of one weight.
EdgeChoice choose_edges(std::span<const ChoiceEdge> edges, const Schema& schema,
                        const ChoiceOptions& options = {});

}  // namespace relatum::graph
