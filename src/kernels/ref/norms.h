// Scalar twins of RMSNorm and LayerNorm, one row at a time.
#pragma once

#include <vector>

#include "kernels/ref/scalar.h"

namespace relatum::kernels::ref {

/// 1 / sqrt(mean(x^2) + eps).
template <class S>
S rms_scale(const std::vector<S>& x, double eps) {
  using std::sqrt;
  return S(1.0) / sqrt(dot(x, x) / S(double(x.size())) + S(eps));
}

/// y = x * rstd * w.
template <class S>
std::vector<S> rmsnorm(const std::vector<S>& x, const std::vector<S>& w, double eps) {
  const S rstd = rms_scale(x, eps);
  std::vector<S> y;
  for (size_t i = 0; i < x.size(); ++i) y.push_back(x[i] * rstd * w[i]);
  return y;
}

/// dx = rstd * (dy*w - x * rstd^2 * mean(dy*w*x)).
template <class S>
std::vector<S> rmsnorm_backward(const std::vector<S>& dy, const std::vector<S>& x,
                                const std::vector<S>& w, const S& rstd) {
  Sum<S> sum;
  for (size_t i = 0; i < x.size(); ++i) sum.add(dy[i] * w[i] * x[i]);
  const S shift = sum.total() * rstd * rstd / S(double(x.size()));
  std::vector<S> dx;
  for (size_t i = 0; i < x.size(); ++i) dx.push_back(rstd * (dy[i] * w[i] - x[i] * shift));
  return dx;
}

template <class S>
struct Moments {
  S mean, rstd;
};

template <class S>
Moments<S> moments(const std::vector<S>& x, double eps) {
  using std::sqrt;
  const S n(double(x.size()));
  Sum<S> sum, squares;
  for (const S& value : x) sum.add(value);
  const S mean = sum.total() / n;
  for (const S& value : x) squares.add((value - mean) * (value - mean));
  return {mean, S(1.0) / sqrt(squares.total() / n + S(eps))};
}

/// y = (x - mean) * rstd * w + b.
template <class S>
std::vector<S> layernorm(const std::vector<S>& x, const std::vector<S>& w, const std::vector<S>& b,
                         double eps) {
  const Moments<S> m = moments(x, eps);
  std::vector<S> y;
  for (size_t i = 0; i < x.size(); ++i) y.push_back((x[i] - m.mean) * m.rstd * w[i] + b[i]);
  return y;
}

/// dx = rstd * (g - mean(g) - xhat * mean(g * xhat)), where g = dy*w and xhat = (x - mean) * rstd.
template <class S>
std::vector<S> layernorm_backward(const std::vector<S>& dy, const std::vector<S>& x,
                                  const std::vector<S>& w, const Moments<S>& m) {
  const S n(double(x.size()));
  Sum<S> sum, along;
  for (size_t i = 0; i < x.size(); ++i) {
    sum.add(dy[i] * w[i]);
    along.add(dy[i] * w[i] * (x[i] - m.mean) * m.rstd);
  }
  const S mean = sum.total() / n, slope = along.total() / n;
  std::vector<S> dx;
  for (size_t i = 0; i < x.size(); ++i) {
    dx.push_back(m.rstd * (dy[i] * w[i] - mean - (x[i] - m.mean) * m.rstd * slope));
  }
  return dx;
}

}  // namespace relatum::kernels::ref
