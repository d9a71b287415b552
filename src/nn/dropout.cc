// Records of dropout: the mask is made again on the way back.
#include "nn/dropout.h"

#include "base/error.h"
#include "kernels/rows.h"

namespace relatum::nn {
namespace {

kernels::DropoutMask mask_of(const Dropout& dropout) {
  return {dropout.keys, dropout.salt, dropout.p};
}

struct DropRecord {
  Var x;
  Dropout dropout;

  void backward(Graph& graph) const {
    const Mat dx = graph.grad(x);
    kernels::dropout(dx, mask_of(dropout), false, dx);
  }
};

struct DropResidualRecord {
  Var x, residual, y;
  Dropout dropout;

  void backward(Graph& graph) const {
    const Mat dy = graph.grad(y);
    if (graph.differentiable(x)) {
      bool add = false;
      const Mat dx = graph.grad_to_write(x, add);
      RELATUM_CHECK(!add);
      kernels::dropout(dy, mask_of(dropout), false, dx);
    }
    if (!graph.differentiable(residual)) return;
    RELATUM_CHECK(!graph.has_grad(residual));
    graph.set_grad(residual, dy);
  }
};

}  // namespace

void drop(Graph& graph, Var x, const Dropout& dropout) {
  if (!(dropout.p > 0)) return;
  const Mat value = graph.value(x);
  kernels::dropout(value, mask_of(dropout), false, value);
  if (graph.differentiable(x)) graph.record(DropRecord{x, dropout});
}

Var drop_residual(Graph& graph, Var x, Var residual, const Dropout& dropout) {
  RELATUM_CHECK(dropout.p > 0);
  const Mat value = graph.value(x);
  kernels::dropout(value, mask_of(dropout), false, value);
  kernels::add(graph.value(residual).as<float>(), value.as<float>());
  const Var y = graph.wrap(value, graph.differentiable(x) || graph.differentiable(residual));
  if (graph.differentiable(y)) graph.record(DropResidualRecord{x, residual, y, dropout});
  return y;
}

}  // namespace relatum::nn
