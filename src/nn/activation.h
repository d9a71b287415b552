// Gated and plain activations, and the change of type between f32 and the compute type.
#pragma once

#include "kernels/activation.h"
#include "nn/graph.h"

namespace relatum::nn {

using kernels::Activation;

/// y = f(g) * u, from gate_up = [g u]: T x 2F to T x F.
Var gate(Graph& graph, Activation f, Var gate_up);
/// y = f(x), T x F.
Var activate(Graph& graph, Activation f, Var x);
/// x in the compute type; x itself where it has that type already.
Var to_compute(Graph& graph, Var x);

}  // namespace relatum::nn
