// Scalar twins of the activations, one value at a time.
#pragma once

#include <numbers>

#include "kernels/activation.h"
#include "kernels/ref/scalar.h"

namespace relatum::kernels::ref {

template <class S>
S sigmoid(const S& x) {
  using std::exp;
  return S(1.0) / (S(1.0) + exp(-x));
}

/// The normal distribution's function, Phi(x).
template <class S>
S normal_cdf(const S& x) {
  return S(0.5) * (S(1.0) + erf(x * S(1 / std::numbers::sqrt2)));
}

/// sqrt(8 / pi) (x + 0.044715 x^3): sigmoid of it is near to Phi(x).
template <class S>
S inside_tanh(const S& x) {
  const S root(2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi);
  return root * x * (S(1.0) + S(0.044715) * x * x);
}

template <class S>
S activate(Activation f, const S& x) {
  switch (f) {
    case Activation::kSilu: return x * sigmoid(x);
    case Activation::kGelu: return x * normal_cdf(x);
    case Activation::kGeluTanh: return x * sigmoid(inside_tanh(x));
    case Activation::kRelu: break;
  }
  return real_part(x) > 0 ? x : S(0.0);
}

/// dy f'(x): silu: s (1 + x (1 - s)), s = sigmoid(x); gelu: Phi(x) + x phi(x); with tanh:
/// s + x s (1 - s) u', u' = sqrt(8 / pi) (1 + 3 * 0.044715 x^2).
template <class S>
S activate_backward(Activation f, const S& dy, const S& x) {
  using std::exp;
  if (f == Activation::kGelu) {
    const S density = S(std::numbers::inv_sqrtpi / std::numbers::sqrt2) * exp(S(-0.5) * x * x);
    return dy * (normal_cdf(x) + x * density);
  }
  if (f == Activation::kRelu) return real_part(x) > 0 ? dy : S(0.0);
  const bool plain = f == Activation::kSilu;
  const S s = sigmoid(plain ? x : inside_tanh(x));
  const S root(2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi);
  const S slope = plain ? S(1.0) : root * (S(1.0) + S(3 * 0.044715) * x * x);
  return dy * s * (S(1.0) + x * (S(1.0) - s) * slope);
}

template <class S>
struct GatedGradient {
  S gate, up;
};

/// f(gate) * up.
template <class S>
S gate(Activation f, const S& gate, const S& up) {
  return activate(f, gate) * up;
}
template <class S>
GatedGradient<S> gate_backward(Activation f, const S& dy, const S& gate, const S& up) {
  return {activate_backward(f, dy * up, gate), dy * activate(f, gate)};
}

}  // namespace relatum::kernels::ref
