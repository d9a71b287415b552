// Few rows in f32 times stored blocks, which are decoded in registers.
#include "kernels/isa/block_parts.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

struct ByFloats {
  using Task = FloatBlockProduct;
  struct Weights {
    __m256 part[4];
  };
  static __m256 floats(__m128i codes) { return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes)); }
  static Weights weights(__m256i codes) {
    const __m128i low = _mm256_castsi256_si128(codes), high = _mm256_extracti128_si256(codes, 1);
    return {{floats(low), floats(_mm_srli_si128(low, 8)), floats(high),
             floats(_mm_srli_si128(high, 8))}};
  }
  template <class Block>
  static void add(const Task& t, const Weights& w, const float* scale, Place place, __m256& acc) {
    const float* x = t.x + place.row * t.x_stride + place.part * 32;
    __m256 sum = _mm256_mul_ps(w.part[0], _mm256_loadu_ps(x));
    sum = _mm256_fmadd_ps(w.part[1], _mm256_loadu_ps(x + 8), sum);
    if constexpr (Block::kScales == 2) {
      acc = _mm256_fmadd_ps(sum, _mm256_set1_ps(scale[0]), acc);
      sum = _mm256_mul_ps(w.part[2], _mm256_loadu_ps(x + 16));
    } else {
      sum = _mm256_fmadd_ps(w.part[2], _mm256_loadu_ps(x + 16), sum);
    }
    sum = _mm256_fmadd_ps(w.part[3], _mm256_loadu_ps(x + 24), sum);
    acc = _mm256_fmadd_ps(sum, _mm256_set1_ps(scale[Block::kScales - 1]), acc);
  }
};

}  // namespace

void fill_float_blocks(Table& t) { t.float_blocks = block_products<ByFloats>(); }

}  // namespace relatum::kernels::RELATUM_ISA
