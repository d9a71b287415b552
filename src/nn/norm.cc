// Forward and backward records of the norms.
#include "nn/norm.h"

#include <algorithm>
#include <span>

#include "base/error.h"
#include "kernels/columns.h"
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
  Var x, y, residual;  // the last is invalid where the norm adds to none
  const float* weight;
  float* weight_grad;  // nullptr: frozen
  const float* rstd;

  void backward(Graph& graph) const {
    const auto in = graph.value(x).as<float>();
    const Mat dy = graph.grad(y);
    if (weight_grad) kernels::rmsnorm_weight_gradient(dy, in, rstd, weight_grad);
    if (graph.differentiable(x)) {
      kernels::rmsnorm_backward(dy, in, weight, rstd, accumulating_grad(graph, x));
    }
    if (!graph.differentiable(residual)) return;
    RELATUM_CHECK(!graph.has_grad(residual));
    graph.set_grad(residual, dy);
  }
};

void multiply(Graph& graph, Mat x, float factor) {
  const Arena::Mark mark = graph.arena().mark();
  const std::span factors(graph.arena().allocate_array<float>(x.rows), size_t(x.rows));
  std::fill(factors.begin(), factors.end(), factor);
  kernels::rescale_rows(x, factors, {}, {});
  graph.arena().release(mark);
}

struct ScaleRecord {
  Var x;
  float factor;

  void backward(Graph& graph) const { multiply(graph, graph.grad(x), factor); }
};

struct LayerNormRecord {
  Var x, y;
  const float* weight;
  const float* stats;
  float *weight_grad, *bias_grad;  // nullptr: frozen

  void backward(Graph& graph) const {
    const auto in = graph.value(x).as<float>(), dy = graph.grad(y).as<float>();
    if (weight_grad || bias_grad) {
      kernels::layernorm_gradients(dy, in, stats, weight_grad, bias_grad);
    }
    if (!graph.differentiable(x)) return;
    kernels::layernorm_backward(dy, in, weight, stats, accumulating_grad(graph, x));
  }
};

}  // namespace

const float* weights_of(Graph& graph, NormWeight weight, int64_t size) {
  if (weight.shift == 0) return weight.values;
  float* shifted = graph.arena().allocate_array<float>(size);
  for (int64_t i = 0; i < size; ++i) shifted[i] = weight.values[i] + weight.shift;
  return shifted;
}

Var rmsnorm(Graph& graph, Var x, NormWeight stored, float eps, bool wide) {
  const auto in = graph.value(x).as<float>();
  const float* weight = weights_of(graph, stored, in.cols);
  float* weight_grad = graph.gradient_of(stored.values);
  const Var y = graph.create(wide ? DType::kF32 : graph.compute(), in.rows, in.cols,
                             graph.differentiable(x) || weight_grad);
  float* rstd = graph.arena().allocate_array<float>(in.rows);
  kernels::rmsnorm(in, weight, eps, graph.value(y), rstd);
  if (graph.differentiable(y)) graph.record(RmsNormRecord{x, y, {}, weight, weight_grad, rstd});
  return y;
}

Var rmsnorm_residual(Graph& graph, Var x, NormWeight stored, float eps, Var residual) {
  const auto in = graph.value(x).as<float>();
  const float* weight = weights_of(graph, stored, in.cols);
  float* weight_grad = graph.gradient_of(stored.values);
  const Var y = graph.create(
      DType::kF32, in.rows, in.cols,
      graph.differentiable(x) || graph.differentiable(residual) || weight_grad);
  float* rstd = graph.arena().allocate_array<float>(in.rows);
  const auto out = graph.value(y).as<float>();
  kernels::rmsnorm(in, weight, eps, out, rstd);
  kernels::add(graph.value(residual).as<float>(), out);
  if (graph.differentiable(y)) {
    graph.record(RmsNormRecord{x, y, residual, weight, weight_grad, rstd});
  }
  return y;
}

Var layernorm(Graph& graph, Var x, const float* weight, const float* bias, float eps) {
  const auto in = graph.value(x).as<float>();
  float *weight_grad = graph.gradient_of(weight), *bias_grad = graph.gradient_of(bias);
  const Var y = graph.create(DType::kF32, in.rows, in.cols,
                             graph.differentiable(x) || weight_grad || bias_grad);
  float* stats = graph.arena().allocate_array<float>(2 * in.rows);
  kernels::layernorm(in, weight, bias, eps, graph.value(y).as<float>(), stats);
  if (graph.differentiable(y)) {
    graph.record(LayerNormRecord{x, y, weight, stats, weight_grad, bias_grad});
  }
  return y;
}

void scale(Graph& graph, Var x, float factor) {
  multiply(graph, graph.value(x), factor);
  if (graph.differentiable(x)) graph.record(ScaleRecord{x, factor});
}

}  // namespace relatum::nn
