// Scalar twin of one AdamW step (Loshchilov & Hutter 2019, algorithm 2).
#pragma once

#include "kernels/ref/scalar.h"

namespace relatum::kernels::ref {

/// A parameter with its moments.
template <class S>
struct AdamWState {
  S value, m, v;
};

struct AdamWNumbers {
  double learning_rate, beta1, beta2, epsilon, weight_decay;
  double correction1, correction2;  ///< 1 - beta^t
  double grad_scale;                ///< multiplies the gradient first
};

template <class S>
AdamWState<S> adamw(const AdamWNumbers& n, const AdamWState<S>& state, const S& grad) {
  using std::sqrt;
  const S g = grad * S(n.grad_scale), one(1.0);
  AdamWState<S> next;
  next.m = S(n.beta1) * state.m + (one - S(n.beta1)) * g;
  next.v = S(n.beta2) * state.v + (one - S(n.beta2)) * g * g;
  const S step = next.m / S(n.correction1) / (sqrt(next.v / S(n.correction2)) + S(n.epsilon));
  next.value = state.value * (one - S(n.learning_rate) * S(n.weight_decay)) -
               S(n.learning_rate) * step;
  return next;
}

}  // namespace relatum::kernels::ref
