// Dot products of few rows with weights in 32-value blocks as they are stored: what the sets and
// both types of activations have in common. For the files of kernels/isa only (see table.h).
#pragma once

#include <immintrin.h>

#include "kernels/isa/table.h"

namespace {

using relatum::kernels::BlockProduct;
using relatum::kernels::BlockProductsOf;

constexpr int64_t kValues = 32;

float half_at(const std::byte* p) {
  uint16_t bits;
  __builtin_memcpy(&bits, p, sizeof bits);
  return _cvtsh_ss(bits);
}

// 16 bytes of nibbles as 32 bytes: the lower ones first.
__m256i nibbles_at(const std::byte* p) {
  const __m128i both = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i mask = _mm_set1_epi8(15);
  return _mm256_set_m128i(_mm_and_si128(_mm_srli_epi16(both, 4), mask), _mm_and_si128(both, mask));
}

float sum_of(__m256 x) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

// A format's block: its codes, and what else its values contain. Codes are below 128, or signed
// from -127 on.
struct Q4_0 {
  static constexpr int64_t kBytes = 18;
  static constexpr bool kSigned = false;
  static __m256i codes(const std::byte* b) { return nibbles_at(b + 2); }
  static float scale(const std::byte* b) { return half_at(b); }
  static float shift(const std::byte* b) { return -8.0f * half_at(b); }
};

struct Q4_1 {
  static constexpr int64_t kBytes = 20;
  static constexpr bool kSigned = false;
  static __m256i codes(const std::byte* b) { return nibbles_at(b + 4); }
  static float scale(const std::byte* b) { return half_at(b); }
  static float shift(const std::byte* b) { return half_at(b + 2); }
};

struct Q8_0 {
  static constexpr int64_t kBytes = 34;
  static constexpr bool kSigned = true;
  static __m256i codes(const std::byte* b) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + 2));
  }
  static float scale(const std::byte* b) { return half_at(b); }
  static float shift(const std::byte*) { return 0; }
};

// Activations in 8-bit integers. Dots::of(u, s): eight sums of four products each of unsigned and
// signed bytes, which are at most 128 and 127, so that pairs of them fit in 16 bits.
template <class Dots>
struct ByIntegers {
  using Task = BlockProduct;
  static __m256i weights(__m256i codes) { return codes; }
  template <bool Signed>
  static __m256 dot(const Task& t, __m256i w, int64_t row, int64_t block) {
    const auto* at = t.codes + row * t.cols + block * kValues;
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    // The instructions want one side without a sign: the weights give theirs to the activations.
    return _mm256_cvtepi32_ps(Signed ? Dots::of(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w))
                                     : Dots::of(w, x));
  }
  static float scale(const Task& t, int64_t at) { return t.scales[at]; }
};

// Way: ByIntegers, or ByFloats (block_floats.cc).
template <class Block, class Way, int Rows>
void dot_rows(const typename Way::Task& t, int64_t row, int64_t begin, int64_t end) {
  const int64_t blocks = t.cols / kValues;
  for (int64_t n = begin; n < end; ++n) {
    const std::byte* block = t.weights + n * blocks * Block::kBytes;
    __m256 acc[Rows];
    float shifts[Rows];
#pragma GCC unroll 4
    for (int i = 0; i < Rows; ++i) {
      acc[i] = _mm256_setzero_ps();
      shifts[i] = 0;
    }
    for (int64_t b = 0; b < blocks; ++b, block += Block::kBytes) {
      const auto w = Way::weights(Block::codes(block));
      const float scale = Block::scale(block), shift = Block::shift(block);
#pragma GCC unroll 4
      for (int i = 0; i < Rows; ++i) {
        const int64_t at = (row + i) * blocks + b;
        const __m256 dots = Way::template dot<Block::kSigned>(t, w, row + i, b);
        acc[i] = _mm256_fmadd_ps(dots, _mm256_set1_ps(scale * Way::scale(t, at)), acc[i]);
        shifts[i] += shift * t.sums[at];
      }
    }
    for (int i = 0; i < Rows; ++i) t.y[(row + i) * t.y_stride + n] = sum_of(acc[i]) + shifts[i];
  }
}

template <class Block, class Way>
void block_product(const typename Way::Task& t, int64_t begin, int64_t end) {
  int64_t row = 0;
  for (; row + 4 <= t.rows; row += 4) dot_rows<Block, Way, 4>(t, row, begin, end);
  for (; row < t.rows; ++row) dot_rows<Block, Way, 1>(t, row, begin, end);
}

template <class Way>
constexpr BlockProductsOf<typename Way::Task> block_products() {
  return {block_product<Q4_0, Way>, block_product<Q4_1, Way>, block_product<Q8_0, Way>};
}

}  // namespace
