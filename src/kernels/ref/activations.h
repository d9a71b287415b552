// Scalar twins of the activations, one value at a time.
#pragma once

#include <numbers>

#include "kernels/ref/scalar.h"

namespace relatum::kernels::ref {

template <class S>
S sigmoid(const S& x) {
  using std::exp;
  return S(1.0) / (S(1.0) + exp(-x));
}

/// silu(gate) * up.
template <class S>
S swiglu(const S& gate, const S& up) {
  return gate * sigmoid(gate) * up;
}

template <class S>
struct GatedGradient {
  S gate, up;
};

/// d silu(g) / dg = s * (1 + g * (1 - s)), s = sigmoid(g).
template <class S>
GatedGradient<S> swiglu_backward(const S& dy, const S& gate, const S& up) {
  const S s = sigmoid(gate);
  return {dy * up * s * (S(1.0) + gate * (S(1.0) - s)), dy * gate * s};
}

/// The normal distribution's function, Phi(x).
template <class S>
S normal_cdf(const S& x) {
  return S(0.5) * (S(1.0) + erf(x * S(1 / std::numbers::sqrt2)));
}

/// x * Phi(x).
template <class S>
S gelu(const S& x) {
  return x * normal_cdf(x);
}

/// dy * (Phi(x) + x * phi(x)).
template <class S>
S gelu_backward(const S& dy, const S& x) {
  using std::exp;
  const S density = S(std::numbers::inv_sqrtpi / std::numbers::sqrt2) * exp(S(-0.5) * x * x);
  return dy * (normal_cdf(x) + x * density);
}

}  // namespace relatum::kernels::ref
