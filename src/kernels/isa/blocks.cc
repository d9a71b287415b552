// Few rows times stored blocks, by instructions that every CPU with AVX2 has.
#include "kernels/isa/block_parts.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

struct Dots {
  static __m256i of(__m256i u, __m256i s) {
    return _mm256_madd_epi16(_mm256_maddubs_epi16(u, s), _mm256_set1_epi16(1));
  }
};

}  // namespace

void fill_blocks(Table& t) { t.blocks = block_products<ByIntegers<Dots>>(); }

}  // namespace relatum::kernels::RELATUM_ISA
