// The activations that networks use.
#pragma once

namespace relatum::kernels {

/// f(x): x sigmoid(x); x Phi(x); the same with Phi by tanh, as in GPT-2 and T5 1.1; max(x, 0).
enum class Activation { kSilu, kGelu, kGeluTanh, kRelu };
constexpr int kActivations = 4;

}  // namespace relatum::kernels
