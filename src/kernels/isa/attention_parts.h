// What the loops over many queries and over a single one share; internal linkage, as in simd.h.
#pragma once

#include <cmath>

#include "kernels/isa/simd.h"
#include "kernels/isa/table.h"

namespace {

constexpr int64_t kPad = 16;  // panels are padded to this, whatever the vector's width

typedef float Vector __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

[[gnu::always_inline]] inline int64_t padded(int64_t n) { return (n + kPad - 1) / kPad * kPad; }

// The first of the task's keys that query i sees. Own rows that a mask names are not looked at.
template <class T>
[[gnu::always_inline]] inline int64_t first_seen(const relatum::kernels::AttentionTask<T>& t,
                                                 int64_t keys, int64_t i) {
  if (!t.window) return 0;
  const int64_t first = t.positions[i] + 1 - t.window - t.before;
  const int64_t most = t.mask ? keys - t.n : keys;
  return first < 0 ? 0 : first < most ? first : most;
}

// Whether the mask, and the window, let query i see own row j.
template <class T>
[[gnu::always_inline]] inline bool sees_own(const relatum::kernels::AttentionTask<T>& t, int64_t i,
                                            int64_t j) {
  return t.mask[i * t.n + j] && (!t.window || t.positions[j] > t.positions[i] - t.window);
}

// Adds to the scores of query i what head h adds by distance.
template <class T>
[[gnu::always_inline]] inline void add_bias(const relatum::kernels::AttentionTask<T>& t,
                                            int64_t keys, int64_t i, int64_t h, float* scores) {
  if (!t.bias) return;
  const float* bias = t.bias + h * t.bias_stride + t.positions[i];
  const int64_t context = t.mask ? keys - t.n : keys;
  for (int64_t j = 0; j < context; ++j) scores[j] += bias[-t.before - j];
  for (int64_t j = 0; t.mask && j < t.n; ++j) scores[context + j] += bias[-t.positions[j]];
}

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
