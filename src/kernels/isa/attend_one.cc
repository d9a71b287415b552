// Attention of a single query, as in generating: keys and values are read where they lie.
#include "kernels/isa/attention_parts.h"
#include "kernels/isa/table.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

typedef uint16_t Halves __attribute__((vector_size(kLanes * 2), aligned(2), may_alias));
typedef uint32_t Words __attribute__((vector_size(kLanes * 4)));

Vector vector_at(const float* p) { return *reinterpret_cast<const Vector*>(p); }
Vector vector_at(const bf16* p) {
  const Words wide = __builtin_convertvector(*reinterpret_cast<const Halves*>(p), Words) << 16;
  return reinterpret_cast<const Vector&>(wide);
}

// The sum of all lanes, in as many steps as halving takes.
[[gnu::always_inline]] inline float total_of(Vector x) {
#if defined(__AVX512F__)
  x += __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  x += __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3);
  x += __builtin_shufflevector(x, x, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1);
#else
  x += __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3);
  x += __builtin_shufflevector(x, x, 2, 3, 0, 1, 2, 3, 0, 1);
#endif
  return x[0] + x[1];
}

// scores[r] = q . k[r] for `Count` rows of keys.
template <int Count, class T>
[[gnu::always_inline]] inline void dot_rows(const float* q, const T* k, int64_t stride, int64_t n,
                                            float* scores) {
  Vector sum[Count] = {};
  int64_t d = 0;
  for (; d + kLanes <= n; d += kLanes) {
    const Vector x = vector_at(q + d);
    for (int r = 0; r < Count; ++r) sum[r] += x * vector_at(k + r * stride + d);
  }
  for (int r = 0; r < Count; ++r) {
    float total = total_of(sum[r]);
    for (int64_t rest = d; rest < n; ++rest) total += q[rest] * load(k + r * stride + rest);
    scores[r] = total;
  }
}

// out += sum over the span's rows of weights[r] * v[r], for columns [d, d + Vectors * kLanes).
template <int Vectors, class T>
[[gnu::always_inline]] inline void add_rows(const KeySpan<T>& span, const float* weights, int64_t d,
                                            float* out) {
  Vector sum[Vectors];
  for (int v = 0; v < Vectors; ++v) sum[v] = vector_at(out + d + v * kLanes);
  for (int64_t i = 0; i < span.count; ++i) {
    const T* row = span.v + i * span.v_stride + d;
    for (int v = 0; v < Vectors; ++v) sum[v] += weights[i] * vector_at(row + v * kLanes);
  }
  for (int v = 0; v < Vectors; ++v) {
    *reinterpret_cast<Vector*>(out + d + v * kLanes) = sum[v];
  }
}

template <class T>
void add_values(const KeySpan<T>& span, const float* weights, int64_t n, float* out) {
  constexpr int kWide = 4;
  int64_t d = 0;
  for (; d + kWide * kLanes <= n; d += kWide * kLanes) add_rows<kWide>(span, weights, d, out);
  for (; d + kLanes <= n; d += kLanes) add_rows<1>(span, weights, d, out);
  for (; d < n; ++d) {
    for (int64_t i = 0; i < span.count; ++i) {
      out[d] += weights[i] * load(span.v + i * span.v_stride + d);
    }
  }
}

}  // namespace

// A single query: rows are read where they lie, as panels would be used once.
template <class T>
void attend_one(const AttentionTask<T>& t, float* scratch) {
  constexpr int kTogether = 4;
  const int64_t width = padded(t.head_size);
  float* q = scratch;
  float* out = q + width;
  float* scores = out + width;
  for (int64_t h = 0; h < t.heads; ++h) {
    gather(t.q + h * t.head_size, q, t.head_size, width, t.scale);
    int64_t keys = 0;
    for (int64_t s = 0; s < t.span_count; ++s) {
      const KeySpan<T>& span = t.spans[s];
      int64_t i = 0;
      for (; i + kTogether <= span.count; i += kTogether) {
        dot_rows<kTogether>(q, span.k + i * span.k_stride, span.k_stride, t.head_size,
                            scores + keys + i);
      }
      for (; i < span.count; ++i) {
        dot_rows<1>(q, span.k + i * span.k_stride, span.k_stride, t.head_size, scores + keys + i);
      }
      keys += span.count;
    }
    add_bias(t, keys, 0, h, scores);
    t.lse[h] = softmax_row(scores, keys, keys);
    std::memset(out, 0, size_t(width) * sizeof(float));
    const float* weights = scores;
    for (int64_t s = 0; s < t.span_count; ++s) {
      add_values(t.spans[s], weights, t.head_size, out);
      weights += t.spans[s].count;
    }
    T* y = t.out + h * t.head_size;
    for (int64_t d = 0; d < t.head_size; ++d) store(y + d, out[d]);
  }
}

template void attend_one(const AttentionTask<float>&, float*);
template void attend_one(const AttentionTask<bf16>&, float*);

}  // namespace relatum::kernels::RELATUM_ISA
