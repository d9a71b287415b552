// Scalar twins of softmax, log-sum-exp and cross-entropy, one row at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/ref/scalar.h"

namespace relatum::kernels::ref {

/// The greatest value, so that no exponential overflows; it has no part in any derivative.
template <class S>
S greatest(const std::vector<S>& x) {
  double best = real_part(x[0]);
  for (const S& value : x) best = real_part(value) > best ? real_part(value) : best;
  return S(best);
}

/// log sum exp(x).
template <class S>
S log_sum_exp(const std::vector<S>& x) {
  using std::exp;
  using std::log;
  const S shift = greatest(x);
  Sum<S> sum;
  for (const S& value : x) sum.add(exp(value - shift));
  return shift + log(sum.total());
}

/// exp(x) / sum exp(x).
template <class S>
std::vector<S> softmax(const std::vector<S>& x) {
  using std::exp;
  const S shift = greatest(x);
  Sum<S> sum;
  std::vector<S> y;
  for (const S& value : x) {
    y.push_back(exp(value - shift));
    sum.add(y.back());
  }
  for (S& value : y) value = value / sum.total();
  return y;
}

/// -log softmax(logits)[target].
template <class S>
S cross_entropy(const std::vector<S>& logits, int32_t target) {
  return log_sum_exp(logits) - logits[size_t(target)];
}

/// softmax(logits) - onehot(target).
template <class S>
std::vector<S> cross_entropy_backward(const std::vector<S>& logits, int32_t target) {
  std::vector<S> d = softmax(logits);
  d[size_t(target)] = d[size_t(target)] - S(1.0);
  return d;
}

}  // namespace relatum::kernels::ref
