// A row times Hadamard matrices: large values are spread over many places.
#include <utility>

#include "kernels/isa/simd.h"
#include "kernels/isa/table.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

constexpr int64_t kBlock = 16;               // adjacent values that are mixed
constexpr int64_t kParts = kBlock / kLanes;  // vectors that hold them

typedef float Vector __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

struct Block {
  Vector part[kParts];
};

// Lane i becomes x[i without the bit] + or - x[i with it], minus where i has the bit.
template <int kBit, int... kLane>
[[gnu::always_inline]] inline Vector mix(Vector x, std::integer_sequence<int, kLane...>) {
  const Vector sign = {(kLane & kBit ? -1.0f : 1.0f)...};
  return x * sign + __builtin_shufflevector(x, x, (kLane ^ kBit)...);
}
template <int kBit>
[[gnu::always_inline]] inline Vector mix(Vector x) {
  return mix<kBit>(x, std::make_integer_sequence<int, int{kLanes}>());
}

template <class T>
[[gnu::always_inline]] inline Block mixed(const T* x, float scale) {
  Block b;
  for (int64_t p = 0; p < kParts; ++p) {
    Vector v;
    for (int64_t i = 0; i < kLanes; ++i) v[i] = load(x + p * kLanes + i) * scale;
    v = mix<4>(mix<2>(mix<1>(v)));
    if constexpr (kLanes == 16) v = mix<8>(v);
    b.part[p] = v;
  }
  if constexpr (kParts == 2) {
    const Vector low = b.part[0], high = b.part[1];
    b.part[0] = low + high;
    b.part[1] = low - high;
  }
  return b;
}

// a, b = a + b, a - b
[[gnu::always_inline]] inline void cross(Block& a, Block& b) {
  for (int64_t p = 0; p < kParts; ++p) {
    const Vector low = a.part[p], high = b.part[p];
    a.part[p] = low + high;
    b.part[p] = low - high;
  }
}

// Blocks of 16 are mixed, then kBlocks neighbours of them.
template <int kBlocks, class T>
void turn(const T* x, float* y, int64_t n) {
  // 1 / root(size)
  const float scale = kBlocks == 4 ? 0.125f : kBlocks == 2 ? 0.176776695f : 0.25f;
  for (int64_t at = 0; at < n; at += kBlocks * kBlock) {
    Block b[kBlocks];
    for (int64_t j = 0; j < kBlocks; ++j) b[j] = mixed(x + at + j * kBlock, scale);
    for (int64_t bit = 1; bit < kBlocks; bit *= 2) {
      for (int64_t j = 0; j < kBlocks; ++j) {
        if (!(j & bit)) cross(b[j], b[j | bit]);
      }
    }
    __builtin_memcpy(y + at, b, sizeof b);
  }
}

template <class T>
void hadamard(const T* x, float* y, int64_t n) {
  if (n % (4 * kBlock) == 0) return turn<4>(x, y, n);
  if (n % (2 * kBlock) == 0) return turn<2>(x, y, n);
  if (n % kBlock == 0) return turn<1>(x, y, n);
  for (int64_t i = 0; i < n; ++i) y[i] = load(x + i);
}

}  // namespace

template <class T>
void fill_hadamard(TypedTable<T>& t) {
  t.hadamard = hadamard<T>;
}
template void fill_hadamard(TypedTable<float>&);
template void fill_hadamard(TypedTable<bf16>&);

}  // namespace relatum::kernels::RELATUM_ISA
