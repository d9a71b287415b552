// Scalar twin of the rows that are turned before they become integers.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/ref/scalar.h"

namespace relatum::kernels::ref {

/// y[i, a] = sum over j, b of (-1)^(bits of i & j) (-1)^(bits of a & b) x[j, b] / root(16 * apart),
/// where a and b count the places of a block of 16, and i and j the blocks that lie K / apart
/// values from each other.
template <class S>
std::vector<S> hadamard(const std::vector<S>& x) {
  const size_t k = x.size();
  const size_t apart = k % 64 == 0 ? 4 : k % 32 == 0 ? 2 : 1;
  if (k == 0 || k % 16 != 0) return x;
  const S scale(1 / std::sqrt(double(16 * apart)));
  std::vector<S> y;
  for (size_t place = 0; place < k; ++place) {
    const size_t i = place / (k / apart), inside = place % (k / apart), a = inside % 16;
    Sum<S> sum;
    for (size_t j = 0; j < apart; ++j) {
      for (size_t b = 0; b < 16; ++b) {
        const S& value = x[j * (k / apart) + inside - a + b];
        const bool minus = (std::popcount(i & j) + std::popcount(a & b)) % 2 != 0;
        sum.add((minus ? -value : value) * scale);
      }
    }
    y.push_back(sum.total());
  }
  return y;
}

}  // namespace relatum::kernels::ref
