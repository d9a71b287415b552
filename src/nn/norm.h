// RMSNorm and LayerNorm as recorded ops.
#pragma once

#include "nn/graph.h"

namespace relatum::nn {

/// y = x / rms(x) * weight. x: T x D f32; y: T x D in the compute type, or in f32 where several
/// readers add to its gradient (`wide`). weight: D; its gradient, where the graph trains it, is
/// the sum of dy * x / rms(x).
Var rmsnorm(Graph& graph, Var x, const float* weight, float eps, bool wide = false);
/// y = (x - mean) / std * weight + bias; x and y: T x D f32. weight, bias: D, frozen.
Var layernorm(Graph& graph, Var x, const float* weight, const float* bias, float eps);

/// Multiplies x, whose value no record needs, by a number in place; so it does with its gradient.
void scale(Graph& graph, Var x, float factor);

}  // namespace relatum::nn
