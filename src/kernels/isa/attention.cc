// Softmax attention over a list of key spans, in f32, for the query heads of one key head.
#include "kernels/isa/attention_parts.h"
#include "kernels/isa/table.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

constexpr int64_t kBlock = 16;  // queries per block: short causal rows then skip most hidden keys

constexpr float kHidden = -1e30f;

// a(i, k) = a[i * row + k * step], so that a transposed left side needs no copy.
struct Left {
  const float* a;
  int64_t row, step;

  Left from(int64_t i) const { return {a + i * row, row, step}; }
};

// Rows of floats, `stride` apart.
struct Product {
  float* at;
  int64_t stride;

  Product from(int64_t i, int64_t j) const { return {at + i * stride + j, stride}; }
};

// A right side: rows `stride` apart, whose columns lie in groups of kPad, `group` apart. Rows as
// they are have groups side by side; a transposed panel has one group's rows side by side, since
// rows of a long panel would fall on few of the cache's sets.
struct Right {
  const float* at;
  int64_t stride, group = kPad;

  Right from_column(int64_t j) const { return {at + j / kPad * group + j % kPad, stride, group}; }
  Right from_row(int64_t i) const { return {at + i * stride, stride, group}; }
  // From one vector of a tile to the next.
  int64_t step() const { return kLanes == kPad ? group : kLanes; }
};
static_assert(kLanes == kPad || kTileVectors * kLanes == kPad);  // a tile lies in one group

struct Size {
  int64_t m, n, k;
};

template <int64_t Height, int64_t Vectors>
[[gnu::always_inline]] inline void tile(const Left& l, const Right& b, const Product& c, int64_t k,
                                        bool accumulate) {
  Vector sum[Height][Vectors];
  for (int64_t r = 0; r < Height; ++r) {
    for (int64_t v = 0; v < Vectors; ++v) {
      const Vector* at = reinterpret_cast<const Vector*>(c.at + r * c.stride + v * kLanes);
      sum[r][v] = accumulate ? *at : Vector{};
    }
  }
  const int64_t step = b.step();
  for (int64_t i = 0; i < k; ++i) {
    Vector right[Vectors];
    for (int64_t v = 0; v < Vectors; ++v) {
      right[v] = *reinterpret_cast<const Vector*>(b.at + i * b.stride + v * step);
    }
    for (int64_t r = 0; r < Height; ++r) {
      const float x = l.a[r * l.row + i * l.step];
      for (int64_t v = 0; v < Vectors; ++v) sum[r][v] += x * right[v];
    }
  }
  for (int64_t r = 0; r < Height; ++r) {
    for (int64_t v = 0; v < Vectors; ++v) {
      *reinterpret_cast<Vector*>(c.at + r * c.stride + v * kLanes) = sum[r][v];
    }
  }
}

template <int64_t Height>
void band(const Left& l, const Right& b, const Product& c, const Size& size, bool accumulate) {
  int64_t j = 0;
  for (; j + kTileVectors * kLanes <= size.n; j += kTileVectors * kLanes) {
    tile<Height, kTileVectors>(l, b.from_column(j), c.from(0, j), size.k, accumulate);
  }
  for (; j < size.n; j += kLanes) {
    tile<Height, 1>(l, b.from_column(j), c.from(0, j), size.k, accumulate);
  }
}

// c (m x n) = a (m x k) . b (k x n) (+ c); n is a multiple of kPad.
void multiply(const Left& l, const Right& b, const Product& c, const Size& size, bool accumulate) {
  int64_t i = 0;
  if constexpr (kTileVectors == 2) {  // there are registers for six rows
    for (; i + 6 <= size.m; i += 6) band<6>(l.from(i), b, c.from(i, 0), size, accumulate);
  }
  for (; i + kTileRows <= size.m; i += kTileRows) {
    band<kTileRows>(l.from(i), b, c.from(i, 0), size, accumulate);
  }
  for (; i < size.m; ++i) band<1>(l.from(i), b, c.from(i, 0), size, accumulate);
}

// c (m x n) = a (m x k) . b (k x n) for a k of any length: parts of b that stay in the cache.
void multiply_long(const Left& l, const Right& b, const Product& c, const Size& size) {
  constexpr int64_t kRows = 64;
  for (int64_t i = 0; i < size.k; i += kRows) {
    const int64_t k = size.k - i < kRows ? size.k - i : kRows;
    multiply({l.a + i * l.step, l.row, l.step}, b.from_row(i), c, {size.m, size.n, k}, i > 0);
  }
}

// y = transpose of x (rows x ldx, of which `cols` columns), in groups of kPad of its columns:
// cols x kPad each; columns behind the last become zero.
void transpose(const float* x, int64_t ldx, float* y, int64_t rows, int64_t cols) {
  for (int64_t begin = 0; begin < rows; begin += kPad, y += cols * kPad) {
    const int64_t count = rows - begin < kPad ? rows - begin : kPad;
    const float* from = x + begin * ldx;
    for (int64_t j = 0; j < cols; ++j) {
      for (int64_t i = 0; i < count; ++i) y[j * kPad + i] = from[i * ldx + j];
      for (int64_t i = count; i < kPad; ++i) y[j * kPad + i] = 0.0f;
    }
  }
}

// Panels in f32: keys and values by row and by column.
struct Panels {
  int64_t keys, keys_padded, width;
  float *k, *v, *kt, *vt, *rest;

  Right transposed(const float* panel, int64_t head_size) const {
    return {panel, kPad, head_size * kPad};
  }
};

template <class T>
Panels gather_panels(const AttentionTask<T>& t, float* scratch) {
  Panels p{};
  for (int64_t s = 0; s < t.span_count; ++s) p.keys += t.spans[s].count;
  p.keys_padded = padded(p.keys);
  p.width = padded(t.head_size);
  p.k = scratch;
  p.v = p.k + p.keys_padded * p.width;
  p.kt = p.v + p.keys_padded * p.width;
  p.vt = p.kt + p.keys_padded * p.width;
  p.rest = p.vt + p.keys_padded * p.width;
  int64_t row = 0;
  for (int64_t s = 0; s < t.span_count; ++s) {
    for (int64_t i = 0; i < t.spans[s].count; ++i, ++row) {
      gather(t.spans[s].k + i * t.spans[s].k_stride, p.k + row * p.width, t.head_size, p.width);
      gather(t.spans[s].v + i * t.spans[s].v_stride, p.v + row * p.width, t.head_size, p.width);
    }
  }
  transpose(p.k, p.width, p.kt, p.keys, t.head_size);
  return p;
}

// Keys that query i of the task sees, a mask aside.
template <class T>
int64_t visible(const AttentionTask<T>& t, const Panels& p, int64_t i) {
  return t.causal && !t.mask ? p.keys - t.n + i + 1 : p.keys;
}

// Scores of own rows that query i may not see become so low that their weight is zero.
template <class T>
void apply_mask(const AttentionTask<T>& t, const Panels& p, int64_t i, float* scores) {
  if (!t.mask) return;
  float* own = scores + p.keys - t.n;
#pragma omp simd
  for (int64_t j = 0; j < t.n; ++j) own[j] = sees_own(t, i, j) ? own[j] : kHidden;
}

template <class T>
void attention(const AttentionTask<T>& t, float* scratch) {
  if (t.n == 1) return attend_one(t, scratch);
  const Panels p = gather_panels(t, scratch);
  float* q = p.rest;
  float* scores = q + kBlock * p.width;
  float* out = scores + kBlock * p.keys_padded;
  for (int64_t begin = 0; begin < t.n; begin += kBlock) {
    const int64_t rows = begin + kBlock < t.n ? kBlock : t.n - begin;
    const int64_t keys = visible(t, p, begin + rows - 1), columns = padded(keys);
    for (int64_t h = 0; h < t.heads; ++h) {
      for (int64_t i = 0; i < rows; ++i) {
        gather(t.q + (begin + i) * t.q_stride + h * t.head_size, q + i * p.width, t.head_size,
               p.width, t.scale);
      }
      multiply({q, p.width, 1}, p.transposed(p.kt, t.head_size), {scores, p.keys_padded},
               {rows, columns, t.head_size}, false);
      for (int64_t i = 0; i < rows; ++i) {
        float* row = scores + i * p.keys_padded;
        add_bias(t, p.keys, begin + i, h, row);
        apply_mask(t, p, begin + i, row);
        const int64_t first = first_seen(t, p.keys, begin + i);
        std::memset(row, 0, size_t(first) * sizeof(float));
        t.lse[(begin + i) * t.lse_stride + h] = softmax_row(
            row + first, visible(t, p, begin + i) - first, columns - first);
      }
      multiply_long({scores, p.keys_padded, 1}, {p.v, p.width}, {out, p.width},
                    {rows, p.width, keys});
      for (int64_t i = 0; i < rows; ++i) {
        T* y = t.out + (begin + i) * t.out_stride + h * t.head_size;
        for (int64_t d = 0; d < t.head_size; ++d) store(y + d, out[i * p.width + d]);
      }
    }
  }
}

// scores become probabilities again, from the saved log-sum-exp; dscores become
// p * (dp - delta) * scale, where delta = dout . out.
struct ScoreRow {
  int64_t row, head, width;
  float *scores, *dscores;
};

template <class T>
void softmax_backward_row(const AttentionTask<T>& t, const Panels& p, const ScoreRow& at) {
  const int64_t row = at.row, head = at.head, width = at.width;
  float* scores = at.scores;
  float* dscores = at.dscores;
  const T* out = t.out + row * t.out_stride + head * t.head_size;
  const T* dout = t.dout + row * t.dout_stride + head * t.head_size;
  float delta = 0;
#pragma omp simd reduction(+ : delta)
  for (int64_t d = 0; d < t.head_size; ++d) delta += load(out + d) * load(dout + d);
  const float lse = t.lse[row * t.lse_stride + head];
  const int64_t first = first_seen(t, p.keys, row), seen = visible(t, p, row);
  for (int64_t j = 0; j < first; ++j) scores[j] = dscores[j] = 0.0f;
#pragma omp simd
  for (int64_t j = first; j < seen; ++j) {
    scores[j] = fast_exp(scores[j] - lse);
    dscores[j] = scores[j] * (dscores[j] - delta) * t.scale;
  }
  for (int64_t j = seen; j < width; ++j) scores[j] = dscores[j] = 0.0f;
}

// Adds the panels' gradients to the rows they came from.
template <class T>
void scatter(const AttentionTask<T>& t, const Panels& p, const float* dk, const float* dv) {
  int64_t row = 0;
  for (int64_t s = 0; s < t.span_count; ++s) {
    for (int64_t i = 0; i < t.spans[s].count; ++i, ++row) {
      float* to_k = t.dk[s] + i * t.dkv_stride;
      float* to_v = t.dv[s] + i * t.dkv_stride;
#pragma omp simd
      for (int64_t d = 0; d < t.head_size; ++d) {
        to_k[d] += dk[row * p.width + d];
        to_v[d] += dv[row * p.width + d];
      }
    }
  }
}

template <class T>
void attention_backward(const AttentionTask<T>& t, float* scratch) {
  const Panels p = gather_panels(t, scratch);
  transpose(p.v, p.width, p.vt, p.keys, t.head_size);
  float* dk = p.rest;
  float* dv = dk + p.keys_padded * p.width;
  float* q = dv + p.keys_padded * p.width;
  float* dout = q + kBlock * p.width;
  float* dq = dout + kBlock * p.width;
  float* scores = dq + kBlock * p.width;
  float* dscores = scores + kBlock * p.keys_padded;
  std::memset(dk, 0, size_t(2 * p.keys_padded * p.width) * sizeof(float));
  for (int64_t begin = 0; begin < t.n; begin += kBlock) {
    const int64_t rows = begin + kBlock < t.n ? kBlock : t.n - begin;
    const int64_t keys = visible(t, p, begin + rows - 1), columns = padded(keys);
    for (int64_t h = 0; h < t.heads; ++h) {
      for (int64_t i = 0; i < rows; ++i) {
        const int64_t row = begin + i;
        gather(t.q + row * t.q_stride + h * t.head_size, q + i * p.width, t.head_size, p.width);
        gather(t.dout + row * t.dout_stride + h * t.head_size, dout + i * p.width, t.head_size,
               p.width);
      }
      multiply({q, p.width, 1}, p.transposed(p.kt, t.head_size), {scores, p.keys_padded},
               {rows, columns, t.head_size}, false);
      for (int64_t i = 0; i < rows * p.keys_padded; ++i) scores[i] *= t.scale;
      multiply({dout, p.width, 1}, p.transposed(p.vt, t.head_size), {dscores, p.keys_padded},
               {rows, columns, t.head_size}, false);
      for (int64_t i = 0; i < rows; ++i) {
        add_bias(t, p.keys, begin + i, h, scores + i * p.keys_padded);
        apply_mask(t, p, begin + i, scores + i * p.keys_padded);
        softmax_backward_row(
            t, p, {begin + i, h, columns, scores + i * p.keys_padded, dscores + i * p.keys_padded});
      }
      multiply({scores, 1, p.keys_padded}, {dout, p.width}, {dv, p.width}, {keys, p.width, rows},
               true);
      multiply({dscores, 1, p.keys_padded}, {q, p.width}, {dk, p.width}, {keys, p.width, rows},
               true);
      multiply_long({dscores, p.keys_padded, 1}, {p.k, p.width}, {dq, p.width},
                    {rows, p.width, keys});
      for (int64_t i = 0; i < rows; ++i) {
        T* y = t.dq + (begin + i) * t.dq_stride + h * t.head_size;
        for (int64_t d = 0; d < t.head_size; ++d) store(y + d, dq[i * p.width + d]);
      }
    }
  }
  scatter(t, p, dk, dv);
}

}  // namespace

template <class T>
void fill_attention(TypedTable<T>& t) {
  t.attention = attention<T>;
  t.attention_backward = attention_backward<T>;
}
template void fill_attention(TypedTable<float>&);
template void fill_attention(TypedTable<bf16>&);

}  // namespace relatum::kernels::RELATUM_ISA
