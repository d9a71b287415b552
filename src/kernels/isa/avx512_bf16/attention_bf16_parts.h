// What attention in bf16 does forward and backward; internal linkage, as in simd.h. A vector's
// lanes are 16 queries of one head, so that keys are read as they lie and softmax needs no sum
// across lanes.
#pragma once

#include <immintrin.h>

#include <cstring>

#include "kernels/isa/attention_parts.h"
#include "kernels/isa/simd.h"
#include "kernels/isa/table.h"

namespace {

constexpr int64_t kQueries = 16;  // of a vector
constexpr int kVectors = 4;       // computed together: their keys are loaded once
constexpr int kRows = 4;          // of a tile
constexpr float kHidden = -1e30f;

using Task = relatum::kernels::AttentionTask<bf16>;
using Span = relatum::kernels::KeySpan<bf16>;

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

// Vectors, rows of them `row` apart.
struct Pairs {
  const __m512i* at;
  int64_t row;
};
struct Sums {
  __m512* at;
  int64_t row;
};

// c[r][v] = sum over k of left(r, k) . right[k][v] (+ c[r][v])
template <int Height, int Count, bool kAdd>
void tile(const Words& left, Pairs right, int64_t steps, Sums c) {
  __m512 sum[Height][Count];
#pragma GCC unroll 4
  for (int r = 0; r < Height; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < Count; ++v) sum[r][v] = kAdd ? c.at[r * c.row + v] : _mm512_setzero_ps();
  }
  for (int64_t k = 0; k < steps; ++k) {
    __m512bh x[Count];
#pragma GCC unroll 4
    for (int v = 0; v < Count; ++v) x[v] = as_pair(right.at[k * right.row + v]);
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
    for (int v = 0; v < Count; ++v) c.at[r * c.row + v] = sum[r][v];
  }
}

template <int Count, bool kAdd>
void product(Words left, Pairs right, int64_t rows, int64_t steps, Sums c) {
  int64_t r = 0;
  for (; r + kRows <= rows; r += kRows, left.at += kRows * left.row, c.at += kRows * c.row) {
    tile<kRows, Count, kAdd>(left, right, steps, c);
  }
  for (; r < rows; ++r, left.at += left.row, c.at += c.row) {
    tile<1, Count, kAdd>(left, right, steps, c);
  }
}

// rows x columns vectors; the number of columns of a tile is a constant where it matters.
template <bool kAdd>
void product(const Words& left, Pairs right, int64_t columns, int64_t rows, int64_t steps, Sums c) {
  for (; columns >= 4; columns -= 4, right.at += 4, c.at += 4) {
    product<4, kAdd>(left, right, rows, steps, c);
  }
  switch (columns) {
    case 1: return product<1, kAdd>(left, right, rows, steps, c);
    case 2: return product<2, kAdd>(left, right, rows, steps, c);
    case 3: return product<3, kAdd>(left, right, rows, steps, c);
    default: return;
  }
}

// A vector: queries [begin, begin + count) of a head.
struct Stretch {
  int64_t head, begin, count;
};

// A stretch's rows in x, whose heads lie side by side.
const bf16* rows_of(const bf16* x, int64_t stride, const Task& t, const Stretch& at) {
  return x + at.begin * stride + at.head * t.head_size;
}

// Column v of a panel: word k of a stretch's rows.
void load_panel(const bf16* q, int64_t stride, const Task& t, const Stretch& at, int v,
                __m512i* queries) {
  const int64_t words = t.head_size / 2;
  for (int64_t k = 0; k < words; k += 16) {
    const __mmask16 there = words - k >= 16 ? 0xffff : __mmask16((1u << (words - k)) - 1);
    __m512i x[16];
    for (int64_t i = 0; i < kQueries; ++i) {
      x[i] = i < at.count ? _mm512_maskz_loadu_epi32(there, q + i * stride + 2 * k)
                          : _mm512_setzero_si512();
    }
    transpose(x);
    for (int64_t i = 0; i < 16 && k + i < words; ++i) queries[(k + i) * kVectors + v] = x[i];
  }
}

// Columns of a panel of head size x 16 queries, times a factor each, to the rows of y.
void store_panel(const Sums& panel, __m512 factor, const Task& t, const Stretch& at, bf16* y,
                 int64_t stride) {
  for (int64_t d = 0; d < t.head_size; d += 16) {
    __m512i x[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      x[i] = _mm512_castps_si512(_mm512_mul_ps(panel.at[(d + i) * panel.row], factor));
    }
    transpose(x);
    for (int64_t i = 0; i < at.count; ++i) {
      _mm256_storeu_si256(
          reinterpret_cast<__m256i*>(y + i * stride + d),
          __builtin_bit_cast(__m256i, _mm512_cvtneps_pbh(_mm512_castsi512_ps(x[i]))));
    }
  }
}

// Words of two rows of values, the even row's in the lower half; either may be missing.
void pair_rows(const bf16* even, const bf16* odd, int64_t size, uint32_t* words) {
  const auto wide = [](const bf16* x) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
  };
  for (int64_t d = 0; d < size; d += 16) {
    __m512i both = even ? wide(even + d) : _mm512_setzero_si512();
    if (odd) both = _mm512_or_si512(both, _mm512_slli_epi32(wide(odd + d), 16));
    _mm512_storeu_si512(words + d, both);
  }
}

// Pairs of all keys (or values), ceil(keys / 2) x head size words.
template <class RowOf>
void pair_keys(const Task& t, const RowOf& row_of, uint32_t* words) {
  const bf16* even = nullptr;  // the row that waits for its pair, which may be of another span
  for (int64_t s = 0; s < t.span_count; ++s) {
    for (int64_t row = 0; row < t.spans[s].count; ++row) {
      const bf16* x = row_of(t.spans[s], row);
      if (!even) {
        even = x;
        continue;
      }
      pair_rows(even, x, t.head_size, words);
      words += t.head_size;
      even = nullptr;
    }
  }
  if (even) pair_rows(even, nullptr, t.head_size, words);
}

// Calls f(span, first row in it, number of rows, first key) for the parts of keys [begin, end).
template <class F>
void each_part(const Task& t, int64_t begin, int64_t end, const F& f) {
  int64_t key = 0;
  for (int64_t s = 0; s < t.span_count && key < end; key += t.spans[s].count, ++s) {
    const int64_t from = begin > key ? begin : key;
    const int64_t behind = key + t.spans[s].count, to = end < behind ? end : behind;
    if (from < to) f(s, from - key, to - from, from);
  }
}

// Which of the stretch's queries see own row j, a bit each.
__mmask16 seeing(const Task& t, const Stretch& at, int64_t own) {
  if (t.mask) {
    uint32_t bits = 0;
    for (int64_t i = 0; i < at.count; ++i) {
      bits |= uint32_t{sees_own(t, at.begin + i, own)} << i;
    }
    return __mmask16(bits);
  }
  if (!t.causal) return 0xffff;
  // Own rows before the task's first query are seen by all.
  const int64_t first = own - at.begin;
  return first <= 0 ? 0xffff : first >= kQueries ? 0 : __mmask16(0xffffu << first);
}

// Which of `keys` keys the stretch's queries see.
struct Seen {
  int64_t own = 0;      // the first key that some see and others do not, at the end …
  int64_t edge = 0;     // … and in front, where a window begins: the first key that all see
  __m512i firsts = {};  // a lane's first key

  Seen() = default;
  Seen(const Task& t, const Stretch& at, int64_t keys);
  bool by_all(int64_t j) const { return j >= edge && j < own; }
  // A bit for each query that sees key j.
  __mmask16 by(const Task& t, const Stretch& at, int64_t j) const {
    const __mmask16 later = _mm512_cmple_epi32_mask(firsts, _mm512_set1_epi32(int32_t(j)));
    return j < own ? later : __mmask16(later & seeing(t, at, j - own));
  }
};

// The first key whose visibility differs from query to query, a window aside.
int64_t first_own(const Task& t) {
  int64_t own = 0;
  for (int64_t s = 0; s + 1 < t.span_count; ++s) own += t.spans[s].count;
  if (t.causal && !t.mask) own += t.spans[t.span_count - 1].count - t.n;
  return own;
}

inline Seen::Seen(const Task& t, const Stretch& at, int64_t keys) : own(first_own(t)) {
  alignas(64) int32_t first[kQueries] = {};
  for (int64_t i = 0; i < at.count; ++i) {
    first[i] = int32_t(first_seen(t, keys, at.begin + i));
    edge = edge < first[i] ? first[i] : edge;
  }
  firsts = _mm512_load_si512(first);
}

// What a stretch's queries add to the scores of each key, by distance.
struct Bias {
  const float* head = nullptr;  // of distance 0; nullptr: nothing
  int64_t context = 0;          // keys before those that a mask names
  __m512i positions = {};

  Bias() = default;
  Bias(const Task& t, const Stretch& at, int64_t keys) {
    if (!t.bias) return;
    head = t.bias + at.head * t.bias_stride;
    context = t.mask ? keys - t.n : keys;
    alignas(64) int32_t places[kQueries];
    // Lanes without a query repeat the last one.
    for (int64_t i = 0; i < kQueries; ++i) {
      places[i] = t.positions[at.begin + (i < at.count ? i : at.count - 1)];
    }
    positions = _mm512_load_si512(places);
  }
  __m512 of(const Task& t, int64_t j) const {
    const int64_t place = j < context ? t.before + j : t.positions[j - context];
    const __m512i distance = _mm512_sub_epi32(positions, _mm512_set1_epi32(int32_t(place)));
    return _mm512_i32gather_ps(distance, head, sizeof(float));
  }
};

// Calls f(stretches, count, keys) for up to kVectors stretches at a time, in order; keys: as many
// as any of them sees.
template <class F>
void each_together(const Task& t, int64_t keys, const F& f) {
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
      f(together, count, seen);
      count = 0;
    }
  }
}

// Hands out 64-byte aligned parts of the scratch; see attention_scratch().
class Parts {
 public:
  explicit Parts(float* scratch)
      : at_(reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(scratch) + 63) & ~uintptr_t{63})) {
  }
  template <class T>
  T* take(int64_t count) {
    T* place = reinterpret_cast<T*>(at_);
    at_ += (count * int64_t(sizeof(T)) + 63) & ~int64_t{63};
    return place;
  }

 private:
  char* at_;
};

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

}  // namespace
