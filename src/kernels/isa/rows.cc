// Norms, rotation, dropout and conversions, one row at a time.
#include <cmath>

#include "kernels/isa/simd.h"
#include "kernels/isa/table.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

template <class T>
float rmsnorm(const float* x, const float* w, T* y, float eps, int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += x[i] * x[i];
  const float rstd = 1.0f / __builtin_sqrtf(sum / float(n) + eps);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) store(y + i, x[i] * rstd * w[i]);
  return rstd;
}

template <class T>
void rmsnorm_backward(const T* dy, const float* x, const float* w, float rstd, float* dx,
                      int64_t n) {
  float dot = 0;
#pragma omp simd reduction(+ : dot)
  for (int64_t i = 0; i < n; ++i) dot += load(dy + i) * w[i] * x[i];
  const float shift = dot * rstd * rstd / float(n);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) dx[i] += rstd * (load(dy + i) * w[i] - x[i] * shift);
}

template <class T>
void rope(T* x, const float* cosine, const float* sine, float sign, int64_t heads, int64_t half) {
  for (int64_t h = 0; h < heads; ++h) {
    T* low = x + h * 2 * half;
    T* high = low + half;
#pragma omp simd
    for (int64_t i = 0; i < half; ++i) {
      const float a = load(low + i), b = load(high + i), s = sign * sine[i];
      store(low + i, a * cosine[i] - b * s);
      store(high + i, b * cosine[i] + a * s);
    }
  }
}

// Draws lie in [0, 2^32); an element is kept where its draw is at or above p * 2^32.
uint32_t threshold(float p) { return uint32_t(double(p) * 4294967296.0); }
uint32_t fold(uint64_t key) { return uint32_t(key ^ (key >> 32)); }

template <class T>
void dropout(const T* x, T* y, uint64_t key, float p, int64_t n) {
  const uint32_t k = fold(key), limit = threshold(p);
  const float scale = 1.0f / (1.0f - p);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    store(y + i, load(x + i) * (hash32(k, uint32_t(i)) >= limit ? scale : 0.0f));
  }
}

template <class T>
void dropout_add(const T* x, T* y, uint64_t key, float p, int64_t n) {
  const uint32_t k = fold(key), limit = threshold(p);
  const float scale = 1.0f / (1.0f - p);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float d = load(x + i) * (hash32(k, uint32_t(i)) >= limit ? scale : 0.0f);
    store(y + i, load(y + i) + d);
  }
}

void dropout_bits(uint64_t key, float p, uint32_t* words, int64_t n) {
  const uint32_t k = fold(key), limit = threshold(p);
  for (int64_t begin = 0; begin < n; begin += 32) {
    uint32_t bits = 0;
#pragma omp simd reduction(| : bits)
    for (uint32_t i = 0; i < 32; ++i) {
      bits |= uint32_t(hash32(k, uint32_t(begin) + i) >= limit) << i;
    }
    words[begin / 32] = bits;
  }
}

template <class T, class Code>
[[gnu::always_inline]] inline float quantise_to(const T* x, Code* q, float limit, int64_t n) {
  int32_t bits = 0;  // of the largest magnitude: as integers, so that a NaN is larger than all
#pragma omp simd reduction(max : bits)
  for (int64_t i = 0; i < n; ++i) {
    const int32_t size = __builtin_bit_cast(int32_t, load(x + i)) & 0x7fffffff;
    bits = size > bits ? size : bits;
  }
  const float most = __builtin_bit_cast(float, bits);
  const float inverse = most > 0 ? limit / most : 0.0f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) q[i] = Code(int32_t((load(x + i) * inverse + kRound) - kRound));
  return most / limit;
}
template <class T>
float quantise(const T* x, int8_t* q, int64_t n) {
  return quantise_to(x, q, 127.0f, n);
}
template <class T>
float quantise_wide(const T* x, int16_t* q, float most, int64_t n) {
  return quantise_to(x, q, most, n);
}

template <class T>
void rescale(const T* x, float s, const float* bias, const float* add, T* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    float value = s * load(x + i);
    if (bias) value += bias[i];
    if (add) value += add[i];
    store(y + i, value);
  }
}

template <class T>
void to_f32(const T* x, float* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = load(x + i);
}

template <class T>
void from_f32(const float* x, T* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) store(y + i, x[i]);
}

}  // namespace

template <class T>
void fill_rows(TypedTable<T>& t) {
  t.rmsnorm = rmsnorm<T>;
  t.rmsnorm_backward = rmsnorm_backward<T>;
  t.rope = rope<T>;
  t.dropout = dropout<T>;
  t.dropout_add = dropout_add<T>;
  t.quantise = quantise<T>;
  t.quantise_wide = quantise_wide<T>;
  t.rescale = rescale<T>;
  t.to_f32 = to_f32<T>;
  t.from_f32 = from_f32<T>;
}
void fill_dropout(Table& t) { t.dropout_bits = dropout_bits; }
template void fill_rows(TypedTable<float>&);
template void fill_rows(TypedTable<bf16>&);

}  // namespace relatum::kernels::RELATUM_ISA
