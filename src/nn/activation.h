// Gated and plain activations, and the change of type between f32 and the compute type.
#pragma once

#include "nn/graph.h"

namespace relatum::nn {

/// y = silu(g) * u, from gate_up = [g u]: T x 2F to T x F.
Var swiglu(Graph& graph, Var gate_up);
/// y = x Phi(x), T x F.
Var gelu(Graph& graph, Var x);
/// x in the compute type; x itself where it has that type already.
Var to_compute(Graph& graph, Var x);

}  // namespace relatum::nn
