// Scalar twin of the rotation of one head by its position.
#pragma once

#include <vector>

#include "kernels/ref/scalar.h"

namespace relatum::kernels::ref {

/// Rotates the pairs (x[i], x[i + K/2]) by the angles with these cosines and sines.
template <class S>
std::vector<S> rope(const std::vector<S>& x, const std::vector<S>& cosine,
                    const std::vector<S>& sine) {
  const size_t half = x.size() / 2;
  std::vector<S> y = x;
  for (size_t i = 0; i < half; ++i) {
    y[i] = x[i] * cosine[i] - x[i + half] * sine[i];
    y[i + half] = x[i + half] * cosine[i] + x[i] * sine[i];
  }
  return y;
}

}  // namespace relatum::kernels::ref
