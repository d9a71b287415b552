// Scalar twin of the rows that are turned before they become integers.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/ref/scalar.h"

namespace relatum::kernels::ref {

/// Blocks of 64, 32 or 16 values, the largest that divides K: y[a] = sum over b of
/// (-1)^(bits of a & b) x[b] / root(size), a and b places of a block.
template <class S>
std::vector<S> hadamard(const std::vector<S>& x) {
  const size_t k = x.size();
  const size_t size = k % 64 == 0 ? 64 : k % 32 == 0 ? 32 : 16;
  if (k % size != 0) return x;
  const S scale(1 / std::sqrt(double(size)));
  std::vector<S> y;
  for (size_t place = 0; place < k; ++place) {
    const size_t a = place % size;
    Sum<S> sum;
    for (size_t b = 0; b < size; ++b) {
      const S& value = x[place - a + b];
      sum.add((std::popcount(a & b) % 2 != 0 ? -value : value) * scale);
    }
    y.push_back(sum.total());
  }
  return y;
}

}  // namespace relatum::kernels::ref
