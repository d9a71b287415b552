// RMSNorm and LayerNorm as recorded ops.
#pragma once

#include "nn/graph.h"

namespace relatum::nn {

/// A norm's D weights as they are stored, and what the network adds to each of them (Gemma: 1).
struct NormWeight {
  const float* values;
  float shift = 0;

  NormWeight(const float* v, float s = 0) : values(v), shift(s) {}  // NOLINT: most add nothing
};

/// y = x / rms(x) * weight. x: T x D f32; y: T x D in the compute type, or in f32 where several
/// readers add to its gradient (`wide`). weight: D; its gradient, where the graph trains it, is
/// the sum of dy * x / rms(x).
Var rmsnorm(Graph& graph, Var x, NormWeight weight, float eps, bool wide = false);
/// y = residual + x / rms(x) * weight, all T x D f32; the residual's gradient is y's, handed
/// through in place.
Var rmsnorm_residual(Graph& graph, Var x, NormWeight weight, float eps, Var residual);
/// The weights as a norm multiplies by them, D of them: those stored, or shifted ones in the arena.
const float* weights_of(Graph& graph, NormWeight weight, int64_t size);
/// y = (x - mean) / std * weight + bias; x and y: T x D f32. weight, bias: D; their gradients,
/// where the graph trains them, are the sums of dy * (x - mean) / std and of dy.
Var layernorm(Graph& graph, Var x, const float* weight, const float* bias, float eps);

/// Multiplies x, whose value no record needs, by a number in place; so it does with its gradient.
void scale(Graph& graph, Var x, float factor);

}  // namespace relatum::nn
