// The gradient of softmax attention in bf16 with f32 sums.
#include "kernels/isa/avx512_bf16/attention_bf16_parts.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

constexpr int64_t kKeys = 128;  // of a block, whose scores stay in the second-level cache

// Weights and score gradients of a block, each as the products read them: a key's of all queries
// side by side, and (dscores alone) two keys' of a query in one word.
struct Memory {
  __m512i *q, *dout;                 // D / 2 x kVectors: words of 16 queries
  uint32_t *q_pairs, *dout_pairs;    // kVectors * 8 x D: two queries in one word
  __m512 *scores, *dscores;          // kKeys x kVectors
  __m256i *by_key, *dscores_by_key;  // kKeys x kVectors
  __m512i* dscores_by_pair;          // kKeys / 2 x kVectors
  __m512* dq;                        // D x kVectors
  uint32_t* key_pairs;               // ceil(keys / 2) x D
  __m512 *dk, *dv;                   // keys x D / 16
};

Memory divide(float* scratch, int64_t keys, int64_t size) {
  Parts parts(scratch);
  Memory m{};
  m.q = parts.take<__m512i>(size / 2 * kVectors);
  m.dout = parts.take<__m512i>(size / 2 * kVectors);
  m.q_pairs = parts.take<uint32_t>(kVectors * kQueries / 2 * size);
  m.dout_pairs = parts.take<uint32_t>(kVectors * kQueries / 2 * size);
  m.scores = parts.take<__m512>(kKeys * kVectors);
  m.dscores = parts.take<__m512>(kKeys * kVectors);
  m.by_key = parts.take<__m256i>(kKeys * kVectors);
  m.dscores_by_key = parts.take<__m256i>(kKeys * kVectors);
  m.dscores_by_pair = parts.take<__m512i>(kKeys / 2 * kVectors);
  m.dq = parts.take<__m512>(size * kVectors);
  m.key_pairs = parts.take<uint32_t>((keys + 1) / 2 * size);
  m.dk = parts.take<__m512>(keys * size / 16);
  m.dv = parts.take<__m512>(keys * size / 16);
  return m;
}

// A stretch with what its queries see, their saved log-sum-exp, and dout . out.
struct Queries {
  Stretch at;
  Seen seen;
  Bias bias;
  __m512 lse, delta;
};

// Missing queries have weights of one and gradients of zero, so that they add nothing.
Queries load_queries(const Task& t, const Stretch& at, int v, int64_t keys, const Memory& m) {
  alignas(64) float lse[16] = {}, delta[16] = {};
  const bf16* q = rows_of(t.q, t.q_stride, t, at);
  const bf16* dout = rows_of(t.dout, t.dout_stride, t, at);
  const bf16* out = rows_of(t.out, t.out_stride, t, at);
  load_panel(q, t.q_stride, t, at, v, m.q);
  load_panel(dout, t.dout_stride, t, at, v, m.dout);
  const auto row = [&](const bf16* x, int64_t stride, int64_t i) {
    return i < at.count ? x + i * stride : nullptr;
  };
  for (int64_t i = 0; i < kQueries; i += 2) {
    const int64_t pair = (v * kQueries + i) / 2 * t.head_size;
    pair_rows(row(q, t.q_stride, i), row(q, t.q_stride, i + 1), t.head_size, m.q_pairs + pair);
    pair_rows(row(dout, t.dout_stride, i), row(dout, t.dout_stride, i + 1), t.head_size,
              m.dout_pairs + pair);
  }
  for (int64_t i = 0; i < at.count; ++i) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t d = 0; d < t.head_size; ++d) {
      sum += load(out + i * t.out_stride + d) * load(dout + i * t.dout_stride + d);
    }
    delta[i] = sum;
    lse[i] = t.lse[(at.begin + i) * t.lse_stride + at.head];
  }
  return {at, Seen(t, at, keys), Bias(t, at, keys), _mm512_load_ps(lse), _mm512_load_ps(delta)};
}

__m512i narrow(__m512 x) {
  return _mm512_cvtepu16_epi32(__builtin_bit_cast(__m256i, _mm512_cvtneps_pbh(x)));
}

// Scores of vector v to weights and scores' gradients: p = exp(scale * s - lse),
// ds = p * (dp - delta) * scale; keys [begin, begin + count) of the task.
void weigh(const Task& t, const Queries& queries, int v, int64_t begin, int64_t count,
           const Memory& m) {
  const __m512 scale = _mm512_set1_ps(t.scale);
  const auto one = [&](int64_t j) {
    if (j >= count) return _mm512_setzero_si512();
    const int64_t at = j * kVectors + v;
    const __mmask16 seen = queries.seen.by_all(begin + j)
                               ? 0xffff
                               : queries.seen.by(t, queries.at, begin + j);
    __m512 x = _mm512_fmsub_ps(m.scores[at], scale, queries.lse);
    if (queries.bias.head) x = _mm512_add_ps(x, queries.bias.of(t, begin + j));
    const __m512 p = _mm512_maskz_mov_ps(seen, exp_of(x));
    const __m512 ds = _mm512_mul_ps(_mm512_mul_ps(p, scale),
                                    _mm512_sub_ps(m.dscores[at], queries.delta));
    const __m512i word = narrow(ds);
    m.by_key[at] = __builtin_bit_cast(__m256i, _mm512_cvtneps_pbh(p));
    m.dscores_by_key[at] = _mm512_cvtepi32_epi16(word);
    return word;
  };
  for (int64_t j = 0; j < count; j += 2) {
    const __m512i even = one(j), odd = one(j + 1);
    m.dscores_by_pair[j / 2 * kVectors + v] = _mm512_or_si512(even, _mm512_slli_epi32(odd, 16));
  }
}

// The keys [begin, begin + keys) of up to kVectors stretches.
void add_block(const Task& t, const Queries* queries, int count, int64_t begin, int64_t keys,
               const Memory& m) {
  const int64_t size = t.head_size, columns = size / 16;
  each_part(t, begin, begin + keys, [&](int64_t s, int64_t first, int64_t rows, int64_t key) {
    const Span& span = t.spans[s];
    const int64_t at = (key - begin) * kVectors;
    product<false>(
        {reinterpret_cast<const char*>(span.k + first * span.k_stride), span.k_stride * 2, 4},
        {m.q, kVectors}, count, rows, size / 2, {m.scores + at, kVectors});
    product<false>(
        {reinterpret_cast<const char*>(span.v + first * span.v_stride), span.v_stride * 2, 4},
        {m.dout, kVectors}, count, rows, size / 2, {m.dscores + at, kVectors});
  });
  for (int v = 0; v < count; ++v) weigh(t, queries[v], v, begin, keys, m);
  constexpr int64_t kRow = kVectors * sizeof(__m256i);
  const auto pairs = [&](const uint32_t* x) {
    return Pairs{reinterpret_cast<const __m512i*>(x), columns};
  };
  product<true>({reinterpret_cast<const char*>(m.by_key), kRow, 4}, pairs(m.dout_pairs), columns,
                keys, count * kQueries / 2, {m.dv + begin * columns, columns});
  product<true>({reinterpret_cast<const char*>(m.dscores_by_key), kRow, 4}, pairs(m.q_pairs),
                columns, keys, count * kQueries / 2, {m.dk + begin * columns, columns});
  product<true>({reinterpret_cast<const char*>(m.key_pairs + begin / 2 * size), 4, size * 4},
                {m.dscores_by_pair, kVectors}, count, size, (keys + 1) / 2, {m.dq, kVectors});
}

// Up to kVectors stretches; `keys` are those that any of them sees.
void attend(const Task& t, const Stretch* stretches, int count, int64_t keys, const Memory& m) {
  Queries queries[kVectors];
  for (int v = 0; v < count; ++v) queries[v] = load_queries(t, stretches[v], v, keys, m);
  std::memset(m.dq, 0, size_t(t.head_size * kVectors) * sizeof(__m512));
  for (int64_t begin = 0; begin < keys; begin += kKeys) {
    add_block(t, queries, count, begin, keys - begin < kKeys ? keys - begin : kKeys, m);
  }
  for (int v = 0; v < count; ++v) {
    const Stretch& at = stretches[v];
    store_panel({m.dq + v, kVectors}, _mm512_set1_ps(1.0f), t, at,
                t.dq + at.begin * t.dq_stride + at.head * t.head_size, t.dq_stride);
  }
}

// Adds the keys' gradients to the rows they came from.
void scatter(const Task& t, int64_t keys, const Memory& m) {
  const int64_t columns = t.head_size / 16;
  each_part(t, 0, keys, [&](int64_t s, int64_t first, int64_t rows, int64_t key) {
    for (int64_t i = 0; i < rows; ++i) {
      float* dk = t.dk[s] + (first + i) * t.dkv_stride;
      float* dv = t.dv[s] + (first + i) * t.dkv_stride;
      for (int64_t c = 0; c < columns; ++c) {
        const int64_t at = (key + i) * columns + c;
        _mm512_storeu_ps(dk + c * 16, _mm512_add_ps(_mm512_loadu_ps(dk + c * 16), m.dk[at]));
        _mm512_storeu_ps(dv + c * 16, _mm512_add_ps(_mm512_loadu_ps(dv + c * 16), m.dv[at]));
      }
    }
  });
}

void attention_backward_bf16(const Task& t, float* scratch) {
  int64_t keys = 0;
  for (int64_t s = 0; s < t.span_count; ++s) keys += t.spans[s].count;
  const Memory m = divide(scratch, keys, t.head_size);
  pair_keys(
      t, [](const Span& s, int64_t row) { return s.k + row * s.k_stride; }, m.key_pairs);
  std::memset(m.dk, 0, size_t(keys * t.head_size) * sizeof(float));
  std::memset(m.dv, 0, size_t(keys * t.head_size) * sizeof(float));
  each_together(t, keys, [&](const Stretch* stretches, int count, int64_t seen) {
    attend(t, stretches, count, seen, m);
  });
  scatter(t, keys, m);
}

}  // namespace

void fill_attention_backward_bf16(Table& t) { t.attention_backward_bf16 = attention_backward_bf16; }

}  // namespace relatum::kernels::RELATUM_ISA
