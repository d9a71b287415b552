// Dot products of few rows with weights as they are stored: what the sets and both types of
// activations have in common. For the files of kernels/isa only (see table.h).
#pragma once

#include <immintrin.h>

#include <utility>

#include "kernels/isa/stored_blocks.h"
#include "kernels/isa/table.h"

namespace {

using relatum::kernels::BlockFormat;
using relatum::kernels::BlockProduct;
using relatum::kernels::BlockProductsOf;

float sum_of(__m256 x) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

// The part of a row of activations that a part of a weight's block is multiplied with.
struct Place {
  int64_t row, part;
};

// Activations in 8-bit integers. Dots::of(u, s): eight sums of four products each of unsigned and
// signed bytes, which are at most 128 and 127, so that pairs of them fit in 16 bits.
template <class Dots>
struct ByIntegers {
  using Task = BlockProduct;
  static __m256i weights(__m256i codes) { return codes; }
  // acc += scale * (the part's codes times the row's values there)
  template <class Block>
  static void add(const Task& t, __m256i w, const float* scale, Place place, __m256& acc) {
    const int64_t at = place.row * (t.cols / 32) + place.part;
    const __m256i x = bytes_at(reinterpret_cast<const std::byte*>(t.codes + at * 32));
    // The instructions want one side without a sign: the weights give theirs to the activations.
    const __m256 dots = _mm256_cvtepi32_ps(
        Block::kSigned ? Dots::of(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w)) : Dots::of(w, x));
    __m256 factor = _mm256_set1_ps(scale[0] * t.scales[at]);
    if constexpr (Block::kScales == 2) {
      factor = _mm256_insertf128_ps(factor, _mm_set1_ps(scale[1] * t.scales[at]), 1);
    }
    acc = _mm256_fmadd_ps(dots, factor, acc);
  }
};

// Inlined by force: four outputs call it so often that compilers would leave it a function, which
// made Q4_1 in floats a fifth slower.
template <class Block, class Way, int Rows, int kPart>
[[gnu::always_inline]] inline void add_part(const typename Way::Task& t, const std::byte* block,
                                            const typename Block::Factors& factors, Place place,
                                            __m256* acc) {
  const auto w = Way::weights(Block::template codes<kPart>(block));
#pragma GCC unroll 4
  for (int i = 0; i < Rows; ++i) {
    Way::template add<Block>(t, w, factors.scale + kPart * Block::kScales,
                             {place.row + i, place.part + kPart}, acc[i]);
  }
}

// Outputs n, n + apart, … of some rows: Outs of them at once, so that their sums do not wait for
// each other. Way: ByIntegers, or ByFloats (block_floats.cc).
template <class Block, class Way, int Rows, int Outs, int... kParts>
void dot_rows(const typename Way::Task& t, int64_t row, int64_t n, int64_t apart,
              std::integer_sequence<int, kParts...>) {
  const int64_t blocks = t.cols / Block::kValues, parts = t.cols / 32;
  const std::byte* block = t.weights + n * blocks * Block::kBytes;
  const int64_t stride = apart * blocks * Block::kBytes;
  __m256 acc[Outs][Rows];
  float rest[Outs][Rows];
#pragma GCC unroll 4
  for (int o = 0; o < Outs; ++o) {
#pragma GCC unroll 4
    for (int i = 0; i < Rows; ++i) {
      acc[o][i] = _mm256_setzero_ps();
      rest[o][i] = 0;
    }
  }
  for (int64_t b = 0; b < blocks; ++b, block += Block::kBytes) {
    const Place place{row, b * Block::kParts};
#pragma GCC unroll 4
    for (int o = 0; o < Outs; ++o) {
      const auto factors = Block::factors(block + o * stride);
      (add_part<Block, Way, Rows, kParts>(t, block + o * stride, factors, place, acc[o]), ...);
#pragma GCC unroll 4
      for (int i = 0; i < Rows; ++i) {
        const float* sums = t.sums + (row + i) * parts + place.part;
        Block::add_shifts(factors, sums, acc[o][i], rest[o][i]);
      }
    }
  }
#pragma GCC unroll 4
  for (int o = 0; o < Outs; ++o) {
    for (int i = 0; i < Rows; ++i) {
      t.y[(row + i) * t.y_stride + n + o * apart] = sum_of(acc[o][i]) + rest[o][i];
    }
  }
}

// Each of the Outs goes through a stretch of its own: processors fetch ahead along a few straight
// ways through memory, but not along ways that jump.
template <class Block, class Way, int Rows, int Outs>
void dot_stretches(const typename Way::Task& t, int64_t row, int64_t begin, int64_t end) {
  constexpr auto kParts = std::make_integer_sequence<int, Block::kParts>();
  const int64_t apart = (end - begin) / Outs, rest = begin + Outs * apart;
  for (int64_t n = begin; n < begin + apart; ++n) {
    dot_rows<Block, Way, Rows, Outs>(t, row, n, apart, kParts);
  }
  for (int64_t n = rest; n < end; ++n) dot_rows<Block, Way, Rows, 1>(t, row, n, 0, kParts);
}

template <class Block, class Way>
void block_product(const typename Way::Task& t, int64_t begin, int64_t end) {
  int64_t row = 0;
  for (; row + 4 <= t.rows; row += 4) dot_stretches<Block, Way, 4, 1>(t, row, begin, end);
  for (; row < t.rows; ++row) dot_stretches<Block, Way, 1, 4>(t, row, begin, end);
}

template <class Way>
constexpr BlockProductsOf<typename Way::Task> block_products() {
  BlockProductsOf<typename Way::Task> all{};
  all.of[int(BlockFormat::kQ4_0)] = block_product<Q4_0, Way>;
  all.of[int(BlockFormat::kQ4_1)] = block_product<Q4_1, Way>;
  all.of[int(BlockFormat::kQ5_0)] = block_product<Q5_0, Way>;
  all.of[int(BlockFormat::kQ5_1)] = block_product<Q5_1, Way>;
  all.of[int(BlockFormat::kQ8_0)] = block_product<Q8_0, Way>;
  all.of[int(BlockFormat::kQ4_K)] = block_product<Q4_K, Way>;
  all.of[int(BlockFormat::kQ5_K)] = block_product<Q5_K, Way>;
  all.of[int(BlockFormat::kQ6_K)] = block_product<Q6_K, Way>;
  return all;
}

}  // namespace
