// Pairs of spans of a text as rows: what a classifier of pairs computes of the words' states.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/graph.h"
#include "nn/linear.h"
#include "nn/span_rows.h"

namespace relatum::nn {

/// Two spans, by the rows of their words' states, and their types' numbers; 0: none that is known.
struct PairPlace {
  SpanPlace head, tail;
  int32_t head_type = 0, tail_type = 0;
};

/// Classes of how far apart two spans are: which one begins first, and the words between them in
/// powers of two, seven and more bits being one class.
inline constexpr int64_t kDistances = 16;
/// The class of a pair, below kDistances.
int64_t distance_class(const PairPlace& pair);

/// A pair's scores: output(gelu(h)), h being the sum of
/// - A s, B s of the head's first and last word, C s, D s of the tail's,
/// - of the words between them the largest E s, number by number (as SpERT pools its context;
///   Eberts and Ulges 2020, arXiv 1909.07755), or a row of the table where nothing stands there,
/// - rows of the table for the head's type, the tail's type, and their distance.
/// All five lie in one linear, so they are applied once to each word, however many pairs there are.
struct PairHead {
  Linear project;              ///< D to 5H: A, B, C, D, E; no bias
  MatView<const float> table;  ///< table_rows(types) x H
  Linear output;               ///< H to L, with a bias
  int64_t types = 0;           ///< with that of none that is known
  static int64_t table_rows(int64_t types) { return 2 * types + kDistances + 1; }
  int64_t hidden() const { return table.cols; }
};

/// h of each pair. x: T x 5H, table: R x H f32, y: P x H of x's type. `pairs` outlive the graph;
/// their types lie below `types`.
/// backward: each summand's place gets dy, of the words between the one that was largest, the first
/// of equal ones; sums in f32, in the order of the pairs. This must be x's only use.
Var pair_sums(Graph& graph, Var x, MatView<const float> table, int64_t types,
              std::span<const PairPlace> pairs);

/// The rows that PairHead::output reads: P x H in the compute type. states: T x D in that type.
Var pair_features(Graph& graph, const PairHead& head, Var states, std::span<const PairPlace> pairs);

}  // namespace relatum::nn
