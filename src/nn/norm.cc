// Forward and backward records of the norms.
#include "nn/norm.h"

#include "base/error.h"
#include "kernels/rows.h"

namespace relatum::nn {
namespace {

// The gradient of an f32 value, zeroed where it is new.
MatView<float> accumulating_grad(Graph& graph, Var x) {
  bool add = false;
  const auto dx = graph.grad_to_write(x, add).as<float>();
  if (!add) std::memset(dx.data, 0, size_t(dx.size()) * sizeof(float));
  return dx;
}

struct RmsNormRecord {
  Var x, y;
  const float* weight;
  const float* rstd;

  void backward(Graph& graph) const {
    kernels::rmsnorm_backward(graph.grad(y), graph.value(x).as<float>(), weight, rstd,
                              accumulating_grad(graph, x));
  }
};

struct LayerNormRecord {
  Var x, y;
  const float* weight;
  const float* stats;

  void backward(Graph& graph) const {
    kernels::layernorm_backward(graph.grad(y).as<float>(), graph.value(x).as<float>(), weight,
                                stats, accumulating_grad(graph, x));
  }
};

}  // namespace

Var rmsnorm(Graph& graph, Var x, const float* weight, float eps, bool wide) {
  const auto in = graph.value(x).as<float>();
  const Var y = graph.create(wide ? DType::kF32 : graph.compute(), in.rows, in.cols,
                             graph.differentiable(x));
  float* rstd = graph.arena().allocate_array<float>(in.rows);
  kernels::rmsnorm(in, weight, eps, graph.value(y), rstd);
  if (graph.differentiable(y)) graph.record(RmsNormRecord{x, y, weight, rstd});
  return y;
}

Var layernorm(Graph& graph, Var x, const float* weight, const float* bias, float eps) {
  const auto in = graph.value(x).as<float>();
  const Var y = graph.create(DType::kF32, in.rows, in.cols, graph.differentiable(x));
  float* stats = graph.arena().allocate_array<float>(2 * in.rows);
  kernels::layernorm(in, weight, bias, eps, graph.value(y).as<float>(), stats);
  if (graph.differentiable(y)) graph.record(LayerNormRecord{x, y, weight, stats});
  return y;
}

}  // namespace relatum::nn
