// Records of the activations.
#include "nn/activation.h"

#include "base/error.h"
#include "kernels/rows.h"

namespace relatum::nn {
namespace {

// An activation's input has no other reader, so its gradient is always new.
Mat fresh_grad(Graph& graph, Var x) {
  bool add = false;
  const Mat dx = graph.grad_to_write(x, add);
  RELATUM_CHECK(!add);
  return dx;
}

struct GateRecord {
  Activation f;
  Var x, y;
  void backward(Graph& graph) const {
    kernels::gate_backward(f, graph.grad(y), graph.value(x), fresh_grad(graph, x));
  }
};

struct ActivateRecord {
  Activation f;
  Var x, y;
  void backward(Graph& graph) const {
    kernels::activate_backward(f, graph.grad(y), graph.value(x), fresh_grad(graph, x));
  }
};

struct ConvertRecord {
  Var x, y;
  void backward(Graph& graph) const {
    bool add = false;
    const Mat dx = graph.grad_to_write(x, add), dy = graph.grad(y);
    if (!add) return kernels::convert(dy, dx);
    const Arena::Mark mark = graph.arena().mark();
    const Mat wide = graph.allocate(dx.type, dx.rows, dx.cols);
    kernels::convert(dy, wide);
    kernels::add(wide.as<float>(), dx.as<float>());
    graph.arena().release(mark);
  }
};

}  // namespace

Var gate(Graph& graph, Activation f, Var gate_up) {
  const Mat in = graph.value(gate_up);
  const Var y = graph.create(in.type, in.rows, in.cols / 2, graph.differentiable(gate_up));
  kernels::gate(f, in, graph.value(y));
  if (graph.differentiable(y)) graph.record(GateRecord{f, gate_up, y});
  return y;
}

Var activate(Graph& graph, Activation f, Var x) {
  const Mat in = graph.value(x);
  const Var y = graph.create(in.type, in.rows, in.cols, graph.differentiable(x));
  kernels::activate(f, in, graph.value(y));
  if (graph.differentiable(y)) graph.record(ActivateRecord{f, x, y});
  return y;
}

Var to_compute(Graph& graph, Var x) {
  const Mat in = graph.value(x);
  if (in.type == graph.compute()) return x;
  const Var y = graph.create(graph.compute(), in.rows, in.cols, graph.differentiable(x));
  kernels::convert(in, graph.value(y));
  if (graph.differentiable(y)) graph.record(ConvertRecord{x, y});
  return y;
}

}  // namespace relatum::nn
