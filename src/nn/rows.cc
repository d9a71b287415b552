// Record of the row choice.
#include "nn/rows.h"

#include "kernels/rows.h"

namespace relatum::nn {
namespace {

struct TakeRowsRecord {
  Var x, y;
  const int64_t* rows;
  int64_t count;

  void backward(Graph& graph) const {
    bool add = false;
    const auto dx = graph.grad_to_write(x, add).as<float>();
    if (!add) std::memset(dx.data, 0, size_t(dx.size()) * sizeof(float));
    kernels::scatter_add_rows(graph.grad(y).as<float>(), {rows, size_t(count)}, dx);
  }
};

}  // namespace

Var take_rows(Graph& graph, Var x, std::span<const int64_t> rows) {
  const Mat in = graph.value(x);
  const Var y = graph.create(in.type, int64_t(rows.size()), in.cols, graph.differentiable(x));
  kernels::gather_rows(in, rows, graph.value(y));
  if (graph.differentiable(y)) {
    graph.record(TakeRowsRecord{x, y, rows.data(), int64_t(rows.size())});
  }
  return y;
}

}  // namespace relatum::nn
