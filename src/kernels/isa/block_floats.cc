// Few rows in f32 times stored blocks, which are decoded in registers.
#include "kernels/isa/block_parts.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

struct NoDots {};

// Eight codes, each signed or below 128.
__m256 floats(__m128i codes) { return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes)); }

template <class Block, int Rows>
void float_rows(const FloatBlockProduct& t, int64_t row, int64_t begin, int64_t end) {
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
      const __m256i codes = Block::codes(block);
      const __m128i low = _mm256_castsi256_si128(codes), high = _mm256_extracti128_si256(codes, 1);
      const __m256 w[4] = {floats(low), floats(_mm_srli_si128(low, 8)), floats(high),
                           floats(_mm_srli_si128(high, 8))};
      const float scale = Block::scale(block), shift = Block::shift(block);
#pragma GCC unroll 4
      for (int i = 0; i < Rows; ++i) {
        const float* x = t.x + (row + i) * t.x_stride + b * kValues;
        __m256 dot = _mm256_mul_ps(w[0], _mm256_loadu_ps(x));
#pragma GCC unroll 3
        for (int v = 1; v < 4; ++v) dot = _mm256_fmadd_ps(w[v], _mm256_loadu_ps(x + 8 * v), dot);
        acc[i] = _mm256_fmadd_ps(dot, _mm256_set1_ps(scale), acc[i]);
        shifts[i] += shift * t.sums[(row + i) * blocks + b];
      }
    }
    for (int i = 0; i < Rows; ++i) t.y[(row + i) * t.y_stride + n] = sum_of(acc[i]) + shifts[i];
  }
}

template <class Block>
void float_product(const FloatBlockProduct& t, int64_t begin, int64_t end) {
  int64_t row = 0;
  for (; row + 4 <= t.rows; row += 4) float_rows<Block, 4>(t, row, begin, end);
  for (; row < t.rows; ++row) float_rows<Block, 1>(t, row, begin, end);
}

}  // namespace

void fill_float_blocks(Table& t) {
  t.float_blocks = {float_product<Q4_0<NoDots>>, float_product<Q4_1<NoDots>>,
                    float_product<Q8_0<NoDots>>};
}

}  // namespace relatum::kernels::RELATUM_ISA
