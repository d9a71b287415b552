// The same memory under another shape.
#include "nn/pair_rows.h"

#include "base/error.h"

namespace relatum::nn {
namespace {

Mat reshaped(Mat x, int64_t rows, int64_t cols) {
  RELATUM_CHECK(x.stride == x.cols && x.rows * x.cols == rows * cols);
  return {x.data, x.type, rows, cols};
}

struct PairRecord {
  Var x, y;

  void backward(Graph& graph) const {
    RELATUM_CHECK(!graph.has_grad(x));
    const Mat value = graph.value(x);
    graph.set_grad(x, reshaped(graph.grad(y), value.rows, value.cols));
  }
};

}  // namespace

Var pair_rows(Graph& graph, Var x) {
  const Mat in = graph.value(x);
  RELATUM_CHECK(in.rows % 2 == 0);
  const Var y = graph.wrap(reshaped(in, in.rows / 2, 2 * in.cols), graph.differentiable(x));
  if (graph.differentiable(y)) graph.record(PairRecord{x, y});
  return y;
}

}  // namespace relatum::nn
