// Softmax attention in bf16 with f32 sums. A vector's lanes are 16 queries of one head, so that
// keys are read as they lie and softmax needs no sum across lanes.
#include "kernels/isa/tables.h"

#if defined(__AVX512F__)

#include <immintrin.h>

#include <cmath>
#include <cstring>

#include "kernels/isa/simd.h"

#pragma GCC push_options
#pragma GCC target("avx512bf16")
// GCC 12 takes the intrinsics' own undefined operands for mistakes of ours (its bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"

namespace relatum::kernels::RELATUM_ISA {
namespace {

constexpr int64_t kQueries = 16;  // of a vector
constexpr int kVectors = 4;       // computed together: their keys are loaded once
constexpr int kRows = 4;          // of a tile
constexpr float kHidden = -1e30f;

using Task = AttentionTask<bf16>;

__m512bh as_pair(__m512i x) { return __builtin_bit_cast(__m512bh, x); }

// Lane j of x[i] becomes lane i of x[j].
void transpose(__m512i* x) {
  __m512i y[16];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    y[2 * i] = _mm512_unpacklo_epi32(x[2 * i], x[2 * i + 1]);
    y[2 * i + 1] = _mm512_unpackhi_epi32(x[2 * i], x[2 * i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    x[4 * i] = _mm512_unpacklo_epi64(y[4 * i], y[4 * i + 2]);
    x[4 * i + 1] = _mm512_unpackhi_epi64(y[4 * i], y[4 * i + 2]);
    x[4 * i + 2] = _mm512_unpacklo_epi64(y[4 * i + 1], y[4 * i + 3]);
    x[4 * i + 3] = _mm512_unpackhi_epi64(y[4 * i + 1], y[4 * i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    y[i] = _mm512_shuffle_i32x4(x[i], x[4 + i], 0x88);
    y[4 + i] = _mm512_shuffle_i32x4(x[i], x[4 + i], 0xdd);
    y[8 + i] = _mm512_shuffle_i32x4(x[8 + i], x[12 + i], 0x88);
    y[12 + i] = _mm512_shuffle_i32x4(x[8 + i], x[12 + i], 0xdd);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    x[i] = _mm512_shuffle_i32x4(y[i], y[8 + i], 0x88);
    x[8 + i] = _mm512_shuffle_i32x4(y[i], y[8 + i], 0xdd);
    x[4 + i] = _mm512_shuffle_i32x4(y[4 + i], y[12 + i], 0x88);
    x[12 + i] = _mm512_shuffle_i32x4(y[4 + i], y[12 + i], 0xdd);
  }
}

// Pairs of bf16, a word each: word (r, k) at r * row + k * step bytes.
struct Words {
  const char* at;
  int64_t row, step;
};

// c[r][v] = sum over k of left(r, k) . right[k][v]; right: steps x kVectors vectors.
template <int Height, int Count>
void tile(const Words& left, const __m512i* right, int64_t steps, __m512* c) {
  __m512 sum[Height][Count];
#pragma GCC unroll 4
  for (int r = 0; r < Height; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < Count; ++v) sum[r][v] = _mm512_setzero_ps();
  }
  for (int64_t k = 0; k < steps; ++k) {
    __m512bh x[Count];
#pragma GCC unroll 4
    for (int v = 0; v < Count; ++v) x[v] = as_pair(right[k * kVectors + v]);
#pragma GCC unroll 4
    for (int r = 0; r < Height; ++r) {
      int32_t word;
      __builtin_memcpy(&word, left.at + r * left.row + k * left.step, sizeof word);
      const __m512bh w = as_pair(_mm512_set1_epi32(word));
#pragma GCC unroll 4
      for (int v = 0; v < Count; ++v) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], w, x[v]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < Height; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < Count; ++v) c[r * kVectors + v] = sum[r][v];
  }
}

template <int Count>
void product(Words left, const __m512i* right, int64_t rows, int64_t steps, __m512* c) {
  int64_t r = 0;
  for (; r + kRows <= rows; r += kRows, left.at += kRows * left.row, c += kRows * kVectors) {
    tile<kRows, Count>(left, right, steps, c);
  }
  for (; r < rows; ++r, left.at += left.row, c += kVectors) tile<1, Count>(left, right, steps, c);
}

// The number of vectors is a constant where it matters.
void product(int count, const Words& left, const __m512i* right, int64_t rows, int64_t steps,
             __m512* c) {
  switch (count) {
    case 1: return product<1>(left, right, rows, steps, c);
    case 2: return product<2>(left, right, rows, steps, c);
    case 3: return product<3>(left, right, rows, steps, c);
    default: return product<4>(left, right, rows, steps, c);
  }
}

// A vector: queries [begin, begin + count) of a head.
struct Stretch {
  int64_t head, begin, count;
};

// Scratch, 64-byte aligned: see attention_scratch().
struct Memory {
  __m512i* queries;   // D / 2 x kVectors
  __m512* scores;     // keys x kVectors
  __m512i* weights;   // ceil(keys / 2) x kVectors
  uint32_t* values;   // ceil(keys / 2) x D
  __m512* out;        // D x kVectors
};

Memory divide(float* scratch, int64_t keys, int64_t size) {
  Memory m{};
  char* at = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(scratch) + 63) & ~uintptr_t{63});
  const int64_t pairs = (keys + 1) / 2;
  const auto take = [&](int64_t bytes) {
    char* place = at;
    at += (bytes + 63) & ~int64_t{63};
    return place;
  };
  m.queries = reinterpret_cast<__m512i*>(take(size / 2 * kVectors * 64));
  m.out = reinterpret_cast<__m512*>(take(size * kVectors * 64));
  m.scores = reinterpret_cast<__m512*>(take(keys * kVectors * 64));
  m.weights = reinterpret_cast<__m512i*>(take(pairs * kVectors * 64));
  m.values = reinterpret_cast<uint32_t*>(take(pairs * size * 4));
  return m;
}

// Two rows' values in one word each, the even row's in the lower half; the last may be alone.
void pair_values(const Task& t, int64_t keys, uint32_t* values) {
  const int64_t size = t.head_size;
  if (keys % 2) std::memset(values + keys / 2 * size, 0, size_t(size) * sizeof(uint32_t));
  int64_t row = 0;
  for (int64_t s = 0; s < t.span_count; ++s) {
    for (int64_t i = 0; i < t.spans[s].count; ++i, ++row) {
      const bf16* v = t.spans[s].v + i * t.spans[s].v_stride;
      uint32_t* to = values + row / 2 * size;
      for (int64_t d = 0; d < size; d += 16) {
        __m512i wide = _mm512_cvtepu16_epi32(
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(v + d)));
        if (row % 2) {
          wide = _mm512_or_si512(_mm512_slli_epi32(wide, 16), _mm512_loadu_si512(to + d));
        }
        _mm512_storeu_si512(to + d, wide);
      }
    }
  }
}

// Column v of the queries' panel: word k of 16 queries.
void load_queries(const Task& t, const Stretch& at, int v, __m512i* queries) {
  const bf16* q = t.q + at.begin * t.q_stride + at.head * t.head_size;
  const int64_t words = t.head_size / 2;
  for (int64_t k = 0; k < words; k += 16) {
    const __mmask16 there = words - k >= 16 ? 0xffff : __mmask16((1u << (words - k)) - 1);
    __m512i x[16];
    for (int64_t i = 0; i < kQueries; ++i) {
      x[i] = i < at.count ? _mm512_maskz_loadu_epi32(there, q + i * t.q_stride + 2 * k)
                          : _mm512_setzero_si512();
    }
    transpose(x);
    for (int64_t i = 0; i < 16 && k + i < words; ++i) queries[(k + i) * kVectors + v] = x[i];
  }
}

// Which of the stretch's queries see own row j, a bit each.
__mmask16 seeing(const Task& t, const Stretch& at, int64_t own) {
  if (t.mask) {
    uint32_t bits = 0;
    for (int64_t i = 0; i < at.count; ++i) {
      bits |= uint32_t{t.mask[(at.begin + i) * t.n + own] != 0} << i;
    }
    return __mmask16(bits);
  }
  if (!t.causal) return 0xffff;
  // Own rows before the task's first query are seen by all.
  const int64_t first = own - at.begin;
  return first <= 0 ? 0xffff : first >= kQueries ? 0 : __mmask16(0xffffu << first);
}

__m512 exp_of(__m512 x) {
  x = _mm512_max_ps(x, _mm512_set1_ps(-87.3f));
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)),
                                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693145752f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(1.42860677e-6f), r);
  __m512 p = _mm512_set1_ps(1.0f / 120.0f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 24.0f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 6.0f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.5f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(p, n);
}

// Scores of vector v to weights, not yet divided by their sum; gives the sum's inverse.
__m512 softmax(const Task& t, const Stretch& at, int v, int64_t keys, const Memory& m) {
  int64_t own = 0;  // first key whose visibility differs from query to query
  for (int64_t s = 0; s + 1 < t.span_count; ++s) own += t.spans[s].count;
  if (t.causal && !t.mask) own += t.spans[t.span_count - 1].count - t.n;
  const __m512 scale = _mm512_set1_ps(t.scale), hidden = _mm512_set1_ps(kHidden);
  __m512 most = hidden;
  for (int64_t j = 0; j < keys; ++j) {
    __m512& s = m.scores[j * kVectors + v];
    s = _mm512_mul_ps(s, scale);
    if (j >= own) s = _mm512_mask_mov_ps(hidden, seeing(t, at, j - own), s);
    most = _mm512_max_ps(most, s);
  }
  __m512 sum = _mm512_setzero_ps();
  const auto weight = [&](int64_t j) {
    if (j >= keys) return _mm512_setzero_si512();
    const __m512 s = m.scores[j * kVectors + v];
    const __m512 e = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(s, hidden, _CMP_NEQ_OQ),
                                         exp_of(_mm512_sub_ps(s, most)));
    sum = _mm512_add_ps(sum, e);
    return _mm512_cvtepu16_epi32(__builtin_bit_cast(__m256i, _mm512_cvtneps_pbh(e)));
  };
  for (int64_t j = 0; j < keys; j += 2) {
    const __m512i even = weight(j), odd = weight(j + 1);
    m.weights[j / 2 * kVectors + v] = _mm512_or_si512(even, _mm512_slli_epi32(odd, 16));
  }
  alignas(64) float sums[16], tops[16];
  _mm512_store_ps(sums, sum);
  _mm512_store_ps(tops, most);
  for (int64_t i = 0; i < at.count; ++i) {
    t.lse[(at.begin + i) * t.lse_stride + at.head] = tops[i] + std::log(sums[i]);
  }
  return _mm512_div_ps(_mm512_set1_ps(1.0f), sum);
}

// Column v of the result's panel to the queries' rows.
void store_out(const Task& t, const Stretch& at, int v, __m512 inverse, const __m512* out) {
  bf16* y = t.out + at.begin * t.out_stride + at.head * t.head_size;
  for (int64_t d = 0; d < t.head_size; d += 16) {
    __m512i x[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      x[i] = _mm512_castps_si512(_mm512_mul_ps(out[(d + i) * kVectors + v], inverse));
    }
    transpose(x);
    for (int64_t i = 0; i < at.count; ++i) {
      _mm256_storeu_si256(
          reinterpret_cast<__m256i*>(y + i * t.out_stride + d),
          __builtin_bit_cast(__m256i, _mm512_cvtneps_pbh(_mm512_castsi512_ps(x[i]))));
    }
  }
}

// Up to kVectors stretches; `keys` are those that any of them sees.
void attend(const Task& t, const Stretch* stretches, int count, int64_t keys, const Memory& m) {
  const int64_t words = t.head_size / 2;
  for (int v = 0; v < count; ++v) load_queries(t, stretches[v], v, m.queries);
  int64_t row = 0;
  for (int64_t s = 0; s < t.span_count && row < keys; ++s) {
    const KeySpan<bf16>& span = t.spans[s];
    const int64_t rows = span.count < keys - row ? span.count : keys - row;
    product(count, {reinterpret_cast<const char*>(span.k), span.k_stride * 2, 4}, m.queries, rows,
            words, m.scores + row * kVectors);
    row += rows;
  }
  __m512 inverse[kVectors];
  for (int v = 0; v < count; ++v) inverse[v] = softmax(t, stretches[v], v, keys, m);
  product(count, {reinterpret_cast<const char*>(m.values), 4, t.head_size * 4}, m.weights,
          t.head_size, (keys + 1) / 2, m.out);
  for (int v = 0; v < count; ++v) store_out(t, stretches[v], v, inverse[v], m.out);
}

void attention_bf16(const Task& t, float* scratch) {
  int64_t keys = 0;
  for (int64_t s = 0; s < t.span_count; ++s) keys += t.spans[s].count;
  const Memory m = divide(scratch, keys, t.head_size);
  pair_values(t, keys, m.values);
  Stretch together[kVectors];
  int count = 0;
  for (int64_t begin = 0; begin < t.n; begin += kQueries) {
    const int64_t rows = t.n - begin < kQueries ? t.n - begin : kQueries;
    // Later keys are hidden from all of them; with a mask or without order, none is.
    const int64_t seen = t.causal && !t.mask ? keys - t.n + begin + rows : keys;
    for (int64_t h = 0; h < t.heads; ++h) {
      together[count++] = {h, begin, rows};
      const bool last = h + 1 == t.heads && (begin + kQueries >= t.n || t.heads > 1);
      if (count < kVectors && !last) continue;
      attend(t, together, count, seen, m);
      count = 0;
    }
  }
}

}  // namespace

void fill_attention_bf16(Table& t) { t.attention_bf16 = attention_bf16; }

}  // namespace relatum::kernels::RELATUM_ISA

#pragma GCC pop_options

#else

namespace relatum::kernels::RELATUM_ISA {
void fill_attention_bf16(Table&) {}
}  // namespace relatum::kernels::RELATUM_ISA

#endif
