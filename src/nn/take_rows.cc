// Record of the row choice.
#include "nn/take_rows.h"

#include "kernels/rows.h"

namespace relatum::nn {
namespace {

struct TakeRowsRecord {
  Var x, y;
  const int64_t* rows;
  int64_t count;

  void backward(Graph& graph) const {
    bool add = false;
    const Mat dx = graph.grad_to_write(x, add), dy = graph.grad(y);
    if (add) {
      return kernels::scatter_add_rows(dy.as<float>(), {rows, size_t(count)}, dx.as<float>());
    }
    const size_t bytes = size_t(dx.cols) * size_of(dx.type);
    for (int64_t r = 0; r < dx.rows; ++r) std::memset(dx.byte_at(r, 0), 0, bytes);
    for (int64_t i = 0; i < count; ++i) {
      std::memcpy(dx.byte_at(rows[i], 0), dy.byte_at(i, 0), bytes);
    }
  }
};

bool are_all(std::span<const int64_t> rows, int64_t count) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != int64_t(i)) return false;
  }
  return int64_t(rows.size()) == count;
}

}  // namespace

Var take_rows(Graph& graph, Var x, std::span<const int64_t> rows) {
  const Mat in = graph.value(x);
  if (are_all(rows, in.rows)) return x;
  const Var y = graph.create(in.type, int64_t(rows.size()), in.cols, graph.differentiable(x));
  kernels::gather_rows(in, rows, graph.value(y));
  if (graph.differentiable(y)) {
    graph.record(TakeRowsRecord{x, y, rows.data(), int64_t(rows.size())});
  }
  return y;
}

}  // namespace relatum::nn
