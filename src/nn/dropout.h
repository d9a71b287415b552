// A network's own dropout, as recorded ops.
#pragma once

#include <cstdint>
#include <span>

#include "nn/graph.h"

namespace relatum::nn {

/// Where numbers are taken away: the mask is a function of the row's key and the salt alone, so it
/// needs no memory.
struct Dropout {
  std::span<const uint64_t> keys{};  ///< one per row; they outlive the graph
  uint64_t salt = 0;                 ///< tells places and steps apart
  float p = 0;                       ///< 0: nothing is taken away
};

/// Takes numbers of x, whose value no record needs, away in place, and scales the others by
/// 1 / (1 - p); so it does with its gradient. x: T x D.
void drop(Graph& graph, Var x, const Dropout& dropout);
/// y = residual + x after dropout, in x's memory, whose value no record needs; all T x D f32. The
/// residual's gradient is y's, handed through in place.
Var drop_residual(Graph& graph, Var x, Var residual, const Dropout& dropout);

}  // namespace relatum::nn
