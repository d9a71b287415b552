// Few rows times stored blocks, by AVX-512's VNNI.
#include "kernels/isa/block_parts.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

struct Dots {
  static __m256i of(__m256i u, __m256i s) {
    return _mm256_dpbusd_epi32(_mm256_setzero_si256(), u, s);
  }
};

}  // namespace

void fill_vnni_blocks(Table& t) { t.vnni_blocks = block_products<ByIntegers<Dots>>(); }

}  // namespace relatum::kernels::RELATUM_ISA
