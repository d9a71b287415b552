// Softmax attention in bf16 with f32 sums.
#include <cmath>

#include "kernels/isa/avx512_bf16/attention_bf16_parts.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

struct Memory {
  __m512i* queries;  // D / 2 x kVectors
  __m512* out;       // D x kVectors
  __m512* scores;    // keys x kVectors
  __m512i* weights;  // ceil(keys / 2) x kVectors
  uint32_t* values;  // ceil(keys / 2) x D
};

Memory divide(float* scratch, int64_t keys, int64_t size) {
  Parts parts(scratch);
  const int64_t pairs = (keys + 1) / 2;
  Memory m{};
  m.queries = parts.take<__m512i>(size / 2 * kVectors);
  m.out = parts.take<__m512>(size * kVectors);
  m.scores = parts.take<__m512>(keys * kVectors);
  m.weights = parts.take<__m512i>(pairs * kVectors);
  m.values = parts.take<uint32_t>(pairs * size);
  return m;
}

// Scores of vector v to weights, not yet divided by their sum; gives the sum's inverse.
__m512 softmax(const Task& t, const Stretch& at, int v, int64_t keys, const Memory& m) {
  const Seen seen(t, at, keys);
  const Bias bias(t, at, keys);
  const __m512 scale = _mm512_set1_ps(t.scale), hidden = _mm512_set1_ps(kHidden);
  __m512 most = hidden;
  for (int64_t j = 0; j < keys; ++j) {
    __m512& s = m.scores[j * kVectors + v];
    s = _mm512_mul_ps(s, scale);
    if (bias.head) s = _mm512_add_ps(s, bias.of(t, j));
    if (!seen.by_all(j)) s = _mm512_mask_mov_ps(hidden, seen.by(t, at, j), s);
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

// Up to kVectors stretches; `keys` are those that any of them sees.
void attend(const Task& t, const Stretch* stretches, int count, int64_t keys, const Memory& m) {
  for (int v = 0; v < count; ++v) {
    load_panel(rows_of(t.q, t.q_stride, t, stretches[v]), t.q_stride, t, stretches[v], v,
               m.queries);
  }
  each_part(t, 0, keys, [&](int64_t s, int64_t first, int64_t rows, int64_t key) {
    const Span& span = t.spans[s];
    product<false>(
        {reinterpret_cast<const char*>(span.k + first * span.k_stride), span.k_stride * 2, 4},
        {m.queries, kVectors}, count, rows, t.head_size / 2, {m.scores + key * kVectors, kVectors});
  });
  __m512 inverse[kVectors];
  for (int v = 0; v < count; ++v) inverse[v] = softmax(t, stretches[v], v, keys, m);
  product<false>({reinterpret_cast<const char*>(m.values), 4, t.head_size * 4},
                 {m.weights, kVectors}, count, t.head_size, (keys + 1) / 2, {m.out, kVectors});
  for (int v = 0; v < count; ++v) {
    const Stretch& at = stretches[v];
    store_panel({m.out + v, kVectors}, inverse[v], t, at,
                t.out + at.begin * t.out_stride + at.head * t.head_size, t.out_stride);
  }
}

void attention_bf16(const Task& t, float* scratch) {
  int64_t keys = 0;
  for (int64_t s = 0; s < t.span_count; ++s) keys += t.spans[s].count;
  const Memory m = divide(scratch, keys, t.head_size);
  pair_keys(
      t, [](const Span& s, int64_t row) { return s.v + row * s.v_stride; }, m.values);
  each_together(t, keys, [&](const Stretch* stretches, int count, int64_t seen) {
    attend(t, stretches, count, seen, m);
  });
}

}  // namespace

void fill_attention_bf16(Table& t) { t.attention_bf16 = attention_bf16; }

}  // namespace relatum::kernels::RELATUM_ISA
