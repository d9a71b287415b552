// Rows of 16-bit integers times panels of 8-bit ones, exactly: what the sets have in common.
// For the files of kernels/isa only (see table.h).
#pragma once

#include <immintrin.h>

#include "kernels/isa/simd.h"
#include "kernels/isa/table.h"

namespace {

using relatum::kernels::IntegerProduct;

#if defined(__AVX512BW__)
using Integers = __m512i;
constexpr int64_t kIntegerRows = 8;  // with three vectors of sums each: 28 of 32 registers
constexpr int64_t kIntegerVectors = 3;
[[gnu::always_inline]] inline Integers widened(const int8_t* p) {
  return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
[[gnu::always_inline]] inline Integers load_integers(const void* p) {
  return _mm512_loadu_si512(p);
}
[[gnu::always_inline]] inline void store_integers(void* p, Integers x) {
  _mm512_storeu_si512(p, x);
}
[[gnu::always_inline]] inline Integers all_lanes(int32_t x) { return _mm512_set1_epi32(x); }
#else
using Integers = __m256i;
constexpr int64_t kIntegerRows = 4;  // six were a tenth slower, as were three vectors (Zen 3)
constexpr int64_t kIntegerVectors = 2;
[[gnu::always_inline]] inline Integers widened(const int8_t* p) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
[[gnu::always_inline]] inline Integers load_integers(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
[[gnu::always_inline]] inline void store_integers(void* p, Integers x) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), x);
}
[[gnu::always_inline]] inline Integers all_lanes(int32_t x) { return _mm256_set1_epi32(x); }
#endif

constexpr int64_t kIntegerWidth = kIntegerVectors * kLanes;  // outputs of a panel
constexpr int64_t kBlockPairs = 384;  // of K that are widened at a time, and stay in L1
constexpr int64_t kBlockRows = 256;   // whose sums are kept between blocks of K

// Keeps the compiler from moving what is computed before to after; else it holds too many values at
// a time, and sums go to memory and back (GCC 12: 77 instead of 154 Gop/s on a core of Zen 3).
[[gnu::always_inline]] inline void pin(Integers& x) { asm volatile("" : "+v"(x)); }

// sums (Rows x width) += x . panel over `pairs` pairs of K; Sums::add(s, a, b) adds the products of
// a's and b's pairs to s.
template <class Sums, int Rows>
void add_tile(const int16_t* x, int64_t x_stride, const int16_t* panel, int64_t pairs,
              int32_t* sums) {
  Integers acc[Rows][kIntegerVectors];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 3
    for (int v = 0; v < kIntegerVectors; ++v) {
      acc[r][v] = load_integers(sums + r * kIntegerWidth + v * kLanes);
    }
  }
  for (int64_t k = 0; k < pairs; ++k, panel += 2 * kIntegerWidth) {
    Integers b[kIntegerVectors];
#pragma GCC unroll 3
    for (int v = 0; v < kIntegerVectors; ++v) b[v] = load_integers(panel + 2 * v * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      int32_t pair;
      __builtin_memcpy(&pair, x + r * x_stride + 2 * k, sizeof pair);
      const Integers a = all_lanes(pair);
#pragma GCC unroll 3
      for (int v = 0; v < kIntegerVectors; ++v) {
        acc[r][v] = Sums::add(acc[r][v], a, b[v]);
        pin(acc[r][v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 3
    for (int v = 0; v < kIntegerVectors; ++v) {
      store_integers(sums + r * kIntegerWidth + v * kLanes, acc[r][v]);
    }
  }
}

template <class Sums>
void add_rows(const int16_t* x, int64_t x_stride, int64_t rows, const int16_t* panel, int64_t pairs,
              int32_t* sums) {
  int64_t r = 0;
  const auto tile = [&]<int kRows>() {
    for (; r + kRows <= rows; r += kRows) {
      add_tile<Sums, kRows>(x + r * x_stride, x_stride, panel, pairs, sums + r * kIntegerWidth);
    }
  };
  if constexpr (kIntegerRows > 4) tile.template operator()<kIntegerRows>();
  tile.template operator()<4>();
  tile.template operator()<2>();
  tile.template operator()<1>();
}

// Row `row` of y, outputs [first, first + width): in steps without branches, each a vector loop.
template <class T>
void scale_sums(const IntegerProduct& t, int64_t row, int64_t first, const int32_t* sums) {
  const int64_t width = t.outputs - first < kIntegerWidth ? t.outputs - first : kIntegerWidth;
  T* y = static_cast<T*>(t.y) + row * t.y_stride + first;
  const float scale = t.x_scales[row];
  const float* w = t.w_scales + first;
  float line[kIntegerWidth];
#pragma omp simd
  for (int64_t i = 0; i < kIntegerWidth; ++i) line[i] = float(sums[i]) * w[i] * scale;
  if (t.bias) {
    for (int64_t i = 0; i < width; ++i) line[i] += t.bias[first + i];
  }
  if (t.add) {
    const float* add = t.add + row * t.add_stride + first;
    for (int64_t i = 0; i < width; ++i) line[i] += add[i];
  }
  if (width == kIntegerWidth) {
#pragma omp simd
    for (int64_t i = 0; i < kIntegerWidth; ++i) store(y + i, line[i]);
  } else {
    for (int64_t i = 0; i < width; ++i) store(y + i, line[i]);
  }
}

template <class Sums>
void integer_product(const IntegerProduct& t, int64_t begin, int64_t end, int64_t panel) {
  alignas(64) int16_t wide[2 * kBlockPairs * kIntegerWidth];
  alignas(64) int32_t sums[kBlockRows * kIntegerWidth];
  const int8_t* stored = t.panels + panel * t.pairs * 2 * kIntegerWidth;
  for (int64_t row = begin; row < end; row += kBlockRows) {
    const int64_t rows = end - row < kBlockRows ? end - row : kBlockRows;
    __builtin_memset(sums, 0, size_t(rows * kIntegerWidth) * sizeof *sums);
    for (int64_t k = 0; k < t.pairs; k += kBlockPairs) {
      const int64_t pairs = t.pairs - k < kBlockPairs ? t.pairs - k : kBlockPairs;
      const int8_t* from = stored + k * 2 * kIntegerWidth;
      for (int64_t i = 0; i < pairs * 2 * kIntegerWidth; i += 2 * kLanes) {
        store_integers(wide + i, widened(from + i));
      }
      add_rows<Sums>(t.x + row * t.x_stride + 2 * k, t.x_stride, rows, wide, pairs, sums);
    }
    for (int64_t r = 0; r < rows; ++r) {
      const int32_t* line = sums + r * kIntegerWidth;
      if (t.narrow) {
        scale_sums<bf16>(t, row + r, panel * kIntegerWidth, line);
      } else {
        scale_sums<float>(t, row + r, panel * kIntegerWidth, line);
      }
    }
  }
}

}  // namespace
