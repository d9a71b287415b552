// Logits as log-probabilities, and how far two tables of them are apart.
#pragma once

#include <algorithm>
#include <cmath>

#include "support/tensors.h"

namespace relatum::testing {

inline Matrix<float> log_probabilities(const Matrix<float>& logits) {
  Matrix<float> result(logits.rows(), logits.cols());
  for (int64_t r = 0; r < logits.rows(); ++r) {
    double total = 0;
    for (int64_t i = 0; i < logits.cols(); ++i) total += std::exp(double(logits.row(r)[i]));
    for (int64_t i = 0; i < logits.cols(); ++i) {
      result.row(r)[i] = float(double(logits.row(r)[i]) - std::log(total));
    }
  }
  return result;
}

/// The largest difference to the last rows of `got`.
inline double largest_difference(const Matrix<float>& got, MatView<const float> want) {
  double largest = 0;
  for (int64_t r = 0; r < want.rows; ++r) {
    const float* row = got.row(got.rows() - want.rows + r);
    for (int64_t i = 0; i < want.cols; ++i) {
      largest = std::max(largest, std::abs(double(row[i]) - double(want.row(r)[i])));
    }
  }
  return largest;
}

}  // namespace relatum::testing
