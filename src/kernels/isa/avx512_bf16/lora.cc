// Products with an adapter's thin factors, in bf16: what a general GEMM does badly.
#include <immintrin.h>

#include "kernels/isa/simd.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

constexpr int64_t kWide = 32;       // bf16 in a vector, and columns of a tile
constexpr int64_t kMaxPairs = 256;  // pairs of factor rows that a tile's scratch holds
using Pair = __m512bh;

Pair as_pair(__m512i x) { return __builtin_bit_cast(Pair, x); }
__m512 expand(__m256i x) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}
uint32_t first_bits(int64_t n) { return n >= kWide ? ~0u : (1u << n) - 1u; }

// 32 values of a row from column c on; columns outside, or dropped, are zero.
__m512i load_row(const LoraRows& x, int64_t row, int64_t c) {
  uint32_t mask = first_bits(x.cols - c);
  if (x.kept) mask &= x.kept[row * x.kept_stride + c / kWide];
  return _mm512_maskz_loadu_epi16(mask, x.data + row * x.stride + c);
}

// Lane i of the result is the sum of acc[i]'s lanes.
__m512 sums_of(const __m512* acc) {
  const auto fold = [](__m512 a, __m512 b) {
    return _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  };
  __m512 fours[4];  // lane 4 k + j of fours[i]: a quarter of the sum of acc[4 i + j]
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const __m512 a = fold(acc[4 * i], acc[4 * i + 1]), b = fold(acc[4 * i + 2], acc[4 * i + 3]);
    fours[i] = _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xee));
  }
  const auto halve = [](__m512 a, __m512 b) {
    return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
  };
  return halve(halve(fours[0], fours[1]), halve(fours[2], fours[3]));
}

// 4 x 4 dot products of rows of x and rows of a; `rows` and `ranks` of them are there, the others
// repeat the last one and are not stored.
void dot_tile(const LoraDown& t, int64_t row, int64_t rows, int64_t rank, int64_t ranks) {
  __m512 acc[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) acc[i] = _mm512_setzero_ps();
  int64_t at[4];
  const bf16* a[4];
  for (int64_t i = 0; i < 4; ++i) {
    at[i] = row + (i < rows ? i : rows - 1);
    a[i] = t.factor + (rank + (i < ranks ? i : ranks - 1)) * t.factor_stride;
  }
  for (int64_t c = 0; c < t.x.cols; c += kWide) {
    const __mmask32 mask = first_bits(t.x.cols - c);
    Pair x[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) x[i] = as_pair(load_row(t.x, at[i], c));
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      const Pair w = as_pair(_mm512_maskz_loadu_epi16(mask, a[j] + c));
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) acc[4 * i + j] = _mm512_dpbf16_ps(acc[4 * i + j], x[i], w);
    }
  }
  alignas(32) bf16 result[16];
  const __m512 sums = _mm512_mul_ps(sums_of(acc), _mm512_set1_ps(t.scale));
  _mm256_store_si256(reinterpret_cast<__m256i*>(result),
                     __builtin_bit_cast(__m256i, _mm512_cvtneps_pbh(sums)));
  for (int64_t i = 0; i < rows; ++i) {
    bf16* low = t.low + (row + i) * t.low_stride + rank;
    for (int64_t j = 0; j < ranks; ++j) low[j] = result[4 * i + j];
  }
}

void lora_down(const LoraDown& t, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; row += 4) {
    const int64_t rows = end - row < 4 ? end - row : 4;
    for (int64_t rank = 0; rank < t.rank; rank += 4) {
      dot_tile(t, row, rows, rank, t.rank - rank < 4 ? t.rank - rank : 4);
    }
  }
}

// Two rows of 32 as 32 pairs: those of columns 0 to 15, and of 16 to 31.
void interleave(__m512i even, __m512i odd, __m512i* pairs) {
  alignas(64) static constexpr uint16_t kFirst[32] = {0,  32, 1,  33, 2,  34, 3,  35, 4,  36, 5,
                                                      37, 6,  38, 7,  39, 8,  40, 9,  41, 10, 42,
                                                      11, 43, 12, 44, 13, 45, 14, 46, 15, 47};
  const __m512i first = _mm512_load_si512(kFirst);
  const __m512i second = _mm512_add_epi16(first, _mm512_set1_epi16(16));
  pairs[0] = _mm512_permutex2var_epi16(even, first, odd);
  pairs[1] = _mm512_permutex2var_epi16(even, second, odd);
}

// y's 16 columns at p gain scale * acc where the mask says so.
void add_to(float* p, __mmask16 there, __mmask16 kept, __m512 scale, __m512 acc) {
  const __m512 y = _mm512_maskz_loadu_ps(there, p);
  _mm512_mask_storeu_ps(p, there, _mm512_mask3_fmadd_ps(scale, acc, y, kept));
}
void add_to(bf16* p, __mmask16 there, __mmask16 kept, __m512 scale, __m512 acc) {
  const __m512 y = expand(_mm256_maskz_loadu_epi16(there, p));
  const __m512 sum = _mm512_mask3_fmadd_ps(scale, acc, y, kept);
  _mm256_mask_storeu_epi16(p, there, __builtin_bit_cast(__m256i, _mm512_cvtneps_pbh(sum)));
}

// Adds the products with pair p of the factor's rows. Bytes: those of low's values, two bf16 or,
// behind the last pair of an odd rank, one alone.
template <size_t Bytes, int Rows>
[[gnu::always_inline]] inline void add_pair(const LoraUp& t, const __m512i* pairs, int64_t row,
                                            int64_t p, __m512 (&acc)[Rows][2]) {
  const Pair b0 = as_pair(pairs[2 * p]), b1 = as_pair(pairs[2 * p + 1]);
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
    int32_t two = 0;
    __builtin_memcpy(&two, t.low + (row + i) * t.low_stride + 2 * p, Bytes);
    const Pair low = as_pair(_mm512_set1_epi32(two));
    acc[i][0] = _mm512_dpbf16_ps(acc[i][0], low, b0);
    acc[i][1] = _mm512_dpbf16_ps(acc[i][1], low, b1);
  }
}

// One tile of 32 columns: `Rows` rows from `row` on.
template <int Rows, class T>
void up_tile(const LoraUp& t, T* y, const __m512i* pairs, int64_t row, int64_t c) {
  __m512 acc[Rows][2];
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) acc[i][0] = acc[i][1] = _mm512_setzero_ps();
  const int64_t whole = t.rank / 2;
  for (int64_t p = 0; p < whole; ++p) add_pair<2 * sizeof(bf16)>(t, pairs, row, p, acc);
  if (t.rank % 2) add_pair<sizeof(bf16)>(t, pairs, row, whole, acc);
  const uint32_t there = first_bits(t.cols - c);
  const __m512 scale = _mm512_set1_ps(t.scale);
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
    const uint32_t kept = t.kept ? there & t.kept[(row + i) * t.kept_stride + c / kWide] : there;
    T* p = y + (row + i) * t.y_stride + c;
    add_to(p, __mmask16(there), __mmask16(kept), scale, acc[i][0]);
    if (there >> 16) {
      add_to(p + 16, __mmask16(there >> 16), __mmask16(kept >> 16), scale, acc[i][1]);
    }
  }
}

template <class T>
void up_columns(const LoraUp& t, T* y, int64_t begin, int64_t end, int64_t c) {
  __m512i pairs[2 * kMaxPairs];
  const __mmask32 mask = first_bits(t.cols - c);
  for (int64_t p = 0; p < (t.rank + 1) / 2; ++p) {
    const bf16* even = t.factor + 2 * p * t.factor_stride + c;
    const bool alone = 2 * p + 1 == t.rank;
    interleave(
        _mm512_maskz_loadu_epi16(mask, even),
        alone ? _mm512_setzero_si512() : _mm512_maskz_loadu_epi16(mask, even + t.factor_stride),
        pairs + 2 * p);
  }
  int64_t row = begin;
  for (; row + 8 <= end; row += 8) up_tile<8>(t, y, pairs, row, c);
  for (; row < end; ++row) up_tile<1>(t, y, pairs, row, c);
}

void lora_up(const LoraUp& t, int64_t begin, int64_t end) {
  for (int64_t c = 0; c < t.cols; c += kWide) {
    if (t.narrow) {
      up_columns(t, static_cast<bf16*>(t.y), begin, end, c);
    } else {
      up_columns(t, static_cast<float*>(t.y), begin, end, c);
    }
  }
}

// Columns c to c + 31 of `Ranks` rows of the gradient.
template <int Ranks>
void gradient_tile(const LoraGradient& t, int64_t rank, int64_t c) {
  constexpr int64_t kAhead = 24;  // rows; each is a cache line far from the last one
  __m512 acc[Ranks][2];
#pragma GCC unroll 8
  for (int i = 0; i < Ranks; ++i) acc[i][0] = acc[i][1] = _mm512_setzero_ps();
  for (int64_t row = 0; row < t.x.rows; row += 2) {
    __m512i x[2];
    const bool odd = row + 1 < t.x.rows;
    _mm_prefetch(reinterpret_cast<const char*>(t.x.data + (row + kAhead) * t.x.stride + c),
                 _MM_HINT_T0);
    _mm_prefetch(reinterpret_cast<const char*>(t.x.data + (row + kAhead + 1) * t.x.stride + c),
                 _MM_HINT_T0);
    interleave(load_row(t.x, row, c), odd ? load_row(t.x, row + 1, c) : _mm512_setzero_si512(), x);
    const uint32_t* low = t.low_pairs + row / 2 * t.rank + rank;
#pragma GCC unroll 8
    for (int i = 0; i < Ranks; ++i) {
      const Pair two = as_pair(_mm512_set1_epi32(int32_t(low[i])));
      acc[i][0] = _mm512_dpbf16_ps(acc[i][0], two, as_pair(x[0]));
      acc[i][1] = _mm512_dpbf16_ps(acc[i][1], two, as_pair(x[1]));
    }
  }
  const uint32_t there = first_bits(t.x.cols - c);
  const __m512 scale = _mm512_set1_ps(t.scale);
#pragma GCC unroll 8
  for (int i = 0; i < Ranks; ++i) {
    float* p = t.gradient + (rank + i) * t.gradient_stride + c;
    add_to(p, __mmask16(there), __mmask16(there), scale, acc[i][0]);
    if (there >> 16) {
      add_to(p + 16, __mmask16(there >> 16), __mmask16(there >> 16), scale, acc[i][1]);
    }
  }
}

// Column tiles [begin, end) of 32.
void lora_gradient(const LoraGradient& t, int64_t begin, int64_t end) {
  for (int64_t c = begin * kWide; c < end * kWide && c < t.x.cols; c += kWide) {
    int64_t rank = 0;
    for (; rank + 8 <= t.rank; rank += 8) gradient_tile<8>(t, rank, c);
    for (; rank < t.rank; ++rank) gradient_tile<1>(t, rank, c);
  }
}

}  // namespace

void fill_lora(Table& t) {
  t.lora_down = lora_down;
  t.lora_up = lora_up;
  t.lora_gradient = lora_gradient;
}

}  // namespace relatum::kernels::RELATUM_ISA
