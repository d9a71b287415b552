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
  template <bool Signed>
  static __m256 dot(const Task& t, const Weights& w, int64_t row, int64_t block) {
    const float* x = t.x + row * t.x_stride + block * kValues;
    __m256 sum = _mm256_mul_ps(w.part[0], _mm256_loadu_ps(x));
#pragma GCC unroll 3
    for (int v = 1; v < 4; ++v) sum = _mm256_fmadd_ps(w.part[v], _mm256_loadu_ps(x + 8 * v), sum);
    return sum;
  }
  static float scale(const Task&, int64_t) { return 1.0f; }
};

}  // namespace

void fill_float_blocks(Table& t) { t.float_blocks = block_products<ByFloats>(); }

}  // namespace relatum::kernels::RELATUM_ISA
