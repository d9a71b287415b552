// Gradients that are added up place by place, in f32 whatever their type.
#pragma once

#include <cstring>

#include "base/error.h"
#include "kernels/rows.h"
#include "nn/graph.h"

namespace relatum::nn {

/// Gives x the gradient that `add(MatView<float>)` adds up in zeros of x's shape. It is x's only
/// one, so x has one use.
template <class Add>
void sum_gradient(Graph& graph, Var x, const Add& add) {
  bool another = false;
  const Mat dx = graph.grad_to_write(x, another);
  RELATUM_CHECK(!another);
  const Arena::Mark mark = graph.arena().mark();
  const bool wide = dx.type == DType::kF32;
  const Mat sums = wide ? dx : graph.allocate(DType::kF32, dx.rows, dx.cols);
  for (int64_t r = 0; r < sums.rows; ++r) {
    std::memset(sums.byte_at(r, 0), 0, size_t(sums.cols) * sizeof(float));
  }
  add(sums.as<float>());
  if (!wide) kernels::convert(sums, dx);
  graph.arena().release(mark);
}

}  // namespace relatum::nn
