// How far a result may be from the truth: derived from the type, the terms of a sum and the norms.
#pragma once

#include <cmath>
#include <cstdint>

#include "tensor/dtype.h"

namespace relatum::testing {

/// Half the distance from 1 to the next larger number: the relative error of one rounding.
constexpr double unit_roundoff(DType type) { return type == DType::kBF16 ? 0x1.0p-8 : 0x1.0p-24; }

/// Bound on the relative error of `operations` roundings one behind another
/// (Higham 2002, Accuracy and Stability of Numerical Algorithms, lemma 3.1).
inline double rounding_bound(int64_t operations, DType type = DType::kF32) {
  const double all = double(operations) * unit_roundoff(type);
  return all / (1 - all);
}

/// Bound on |computed - exact| of a sum of `terms` products added up in f32 in any order, its
/// factors exact, `magnitude` = sum |a_i||b_i|, and the result rounded once to `result`.
inline double sum_bound(int64_t terms, double magnitude, DType result = DType::kF32) {
  return (rounding_bound(terms + 1) + unit_roundoff(result)) * magnitude;
}

/// Bound on the relative distance (in the Frobenius norm) of a network's result when each of
/// `stages` products of inner length `terms` adds its own error and none is amplified. Roundings
/// are independent, so within a product they grow with the root of their number (Higham & Mary
/// 2019, doi 10.1137/18M1226312); results are rounded to `compute`.
inline double network_bound(int64_t stages, int64_t terms, DType compute = DType::kF32) {
  return double(stages) *
         (std::sqrt(double(terms)) * unit_roundoff(DType::kF32) + unit_roundoff(compute));
}

}  // namespace relatum::testing
