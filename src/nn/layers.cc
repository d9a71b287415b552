// Memory of layers: kept for the tape, or given back and computed again.
#include "nn/layers.h"

#include "base/error.h"
#include "kernels/rows.h"

namespace relatum::nn {
namespace {

// Runs the layer without a tape and copies its result to `out`; all else is given back.
void run_lean(Graph& graph, const LayerStack& stack, int64_t layer, Mat x, Mat out) {
  const Arena::Mark mark = graph.arena().mark();
  Graph lean(graph.arena(), graph.compute(), false);
  const Var y = stack.run(lean, layer, lean.wrap(x, false));
  kernels::convert(lean.value(y), out);
  graph.arena().release(mark);
}

// Makes x's gradient lie where y's was, so that all else a layer's backward pass used can go.
void hand_down(Graph& graph, Var x, Mat dx, Mat dy) {
  if (dx.data != dy.data) kernels::convert(dx, dy);
  graph.set_grad(x, dy);
}

// Played before the records of layers: takes memory for a gradient that they add to.
struct ZeroGradient {
  Var x;
  void backward(Graph& graph) const {
    const Mat value = graph.value(x);
    const auto sum = graph.allocate(DType::kF32, value.rows, value.cols).as<float>();
    std::memset(sum.data, 0, size_t(sum.size()) * sizeof(float));
    graph.set_grad(x, sum);
  }
};

struct CheckpointRecord {
  const LayerStack* stack;
  int64_t layer;
  Var x, y;

  void backward(Graph& graph) const {
    const Arena::Mark mark = graph.arena().mark();
    Graph again(graph.arena(), graph.compute(), true, graph.trained());
    const Var in = again.wrap(graph.value(x), graph.differentiable(x));
    const Var out = stack->run(again, layer, in);
    again.set_grad(out, graph.grad(y));
    again.backward();
    if (graph.differentiable(x)) hand_down(graph, x, again.grad(in), graph.grad(y));
    graph.arena().release(mark);
  }
};

// What the two records around a layer share; lies in the arena.
struct LayerFrame {
  Arena::Mark mark;
  Var x, y;
};

// Played before a layer's records: remembers where its gradients begin.
struct LayerEnd {
  LayerFrame* frame;
  void backward(Graph& graph) const { frame->mark = graph.arena().mark(); }
};

// Played after them: all gradients of the layer but its input's are given back.
struct LayerBegin {
  LayerFrame* frame;
  void backward(Graph& graph) const {
    const Var x = frame->x;
    if (graph.differentiable(x)) hand_down(graph, x, graph.grad(x), graph.grad(frame->y));
    graph.arena().release(frame->mark);
  }
};

Var run_recorded(Graph& graph, const LayerStack& stack, int64_t layer, Var x) {
  auto* frame = graph.arena().allocate_array<LayerFrame>(1);
  graph.record(LayerBegin{frame});
  const Var y = stack.run(graph, layer, x);
  graph.record(LayerEnd{frame});
  *frame = {{}, x, y};
  return y;
}

Var run_checkpointed(Graph& graph, const LayerStack& stack, int64_t layer, Var x) {
  const Mat in = graph.value(x);
  const Var y = graph.create(in.type, in.rows, in.cols, true);
  run_lean(graph, stack, layer, in, graph.value(y));
  graph.record(CheckpointRecord{&stack, layer, x, y});
  return y;
}

}  // namespace

Var run_layers(Graph& graph, const LayerStack& stack, Var x, bool checkpoint) {
  for (int64_t layer = 0; layer < stack.layers(); ++layer) {
    const Mat in = graph.value(x);
    const int64_t rows = layer + 1 < stack.layers() ? in.rows : stack.rows_out(in.rows);
    if (!graph.recording()) {
      if (rows != in.rows) x = graph.create(in.type, rows, in.cols, false);
      run_lean(graph, stack, layer, in, graph.value(x));
    } else if (rows != in.rows) {
      x = stack.run(graph, layer, x);
    } else if (checkpoint) {
      x = run_checkpointed(graph, stack, layer, x);
    } else {
      x = run_recorded(graph, stack, layer, x);
    }
  }
  return x;
}

void outlast_layers(Graph& graph, Var x) {
  if (graph.recording() && graph.differentiable(x)) graph.record(ZeroGradient{x});
}

}  // namespace relatum::nn
