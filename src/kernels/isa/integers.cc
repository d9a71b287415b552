// Products of integers by instructions that every CPU of the set has: pairs of 16 bits, added up.
#include "kernels/isa/integer_parts.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

struct Sums {
  [[gnu::always_inline]] static inline Integers add(Integers sum, Integers a, Integers b) {
#if defined(__AVX512BW__)
    return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
#else
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
#endif
  }
};

}  // namespace

void fill_integers(Table& t) {
  t.integer_width = kIntegerWidth;
  t.integer_product = integer_product<Sums>;
}

}  // namespace relatum::kernels::RELATUM_ISA
