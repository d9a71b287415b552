// What the loops over many queries and over a single one share; internal linkage, as in simd.h.
#pragma once

#include <cmath>

#include "kernels/isa/simd.h"

namespace {

constexpr int64_t kPad = 16;  // panels are padded to this, whatever the vector's width

typedef float Vector __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

[[gnu::always_inline]] inline int64_t padded(int64_t n) { return (n + kPad - 1) / kPad * kPad; }

// Copies a row to f32 and fills up to the padded width with zeros.
template <class T>
[[gnu::always_inline]] inline void gather(const T* x, float* y, int64_t n, int64_t width,
                                          float scale = 1.0f) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = load(x + i) * scale;
  for (int64_t i = n; i < width; ++i) y[i] = 0.0f;
}

// Turns `seen` scores into probabilities, zeros behind them up to `width`; returns log-sum-exp.
[[gnu::always_inline]] inline float softmax_row(float* s, int64_t seen, int64_t width) {
  float best = s[0], sum = 0;
#pragma omp simd reduction(max : best)
  for (int64_t j = 0; j < seen; ++j) best = s[j] > best ? s[j] : best;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < seen; ++j) {
    s[j] = fast_exp(s[j] - best);
    sum += s[j];
  }
  const float inverse = 1.0f / sum;
#pragma omp simd
  for (int64_t j = 0; j < seen; ++j) s[j] *= inverse;
  for (int64_t j = seen; j < width; ++j) s[j] = 0.0f;
  return best + std::log(sum);
}

}  // namespace
