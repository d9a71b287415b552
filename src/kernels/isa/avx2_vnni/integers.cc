// Products of integers by AVX-VNNI, which multiplies and adds in one instruction.
#include "kernels/isa/integer_parts.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

struct Sums {
  [[gnu::always_inline]] static inline Integers add(Integers sum, Integers a, Integers b) {
    return _mm256_dpwssd_avx_epi32(sum, a, b);
  }
};

}  // namespace

void fill_vnni_integers(Table& t) { t.vnni_integer_product = integer_product<Sums>; }

}  // namespace relatum::kernels::RELATUM_ISA
