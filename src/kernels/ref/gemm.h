// Scalar twin of gemm on rows of numbers.
#pragma once

#include <vector>

#include "kernels/ref/scalar.h"

namespace relatum::kernels::ref {

template <class S>
using Rows = std::vector<std::vector<S>>;

template <class S>
struct GemmTwin {
  Rows<S> a, b;  ///< M x K and K x N, whatever way they were stored
  double alpha = 1;
  Rows<S> c;            ///< what is accumulated to; empty: nothing
  Rows<S> add;          ///< empty: nothing
  std::vector<S> bias;  ///< empty: nothing
};

/// alpha * a·b (+ c) (+ add) (+ bias), in this order, M x N.
template <class S>
Rows<S> gemm(const GemmTwin<S>& g, size_t m, size_t n) {
  Rows<S> result(m, std::vector<S>(n));
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < n; ++j) {
      Sum<S> sum;
      for (size_t k = 0; k < g.b.size(); ++k) sum.add(g.a[i][k] * g.b[k][j]);
      S x = sum.total();
      if (g.alpha != 1) x = x * S(g.alpha);
      if (!g.c.empty()) x = x + g.c[i][j];
      if (!g.add.empty()) x = x + g.add[i][j];
      if (!g.bias.empty()) x = x + g.bias[j];
      result[i][j] = x;
    }
  }
  return result;
}

}  // namespace relatum::kernels::ref
