// Threads share the columns, so each sum has one order.
#include "nn/pair_features.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "base/parallel_for.h"
#include "nn/activation.h"
#include "nn/gradient_sums.h"

namespace relatum::nn {
namespace {

constexpr int64_t kColumns = 64;  // that are worth a thread
constexpr size_t kPlaces = 4;     // summands that are one word's

void store(float value, float& place) { place = value; }
void store(float value, bf16& place) { place = to_bf16(value); }

// Rows [begin, end) of the words between the two spans.
struct Between {
  int64_t begin = 0, end = 0;
};

Between between(const PairPlace& pair) {
  const bool ordered = pair.head.first <= pair.tail.first;
  const SpanPlace& one = ordered ? pair.head : pair.tail;
  const SpanPlace& other = ordered ? pair.tail : pair.head;
  return {int64_t{one.last} + 1, std::max<int64_t>(int64_t{one.last} + 1, other.first)};
}

// Where a pair's summands lie.
struct Places {
  std::array<int64_t, kPlaces> words;
  Between inner;
  std::array<int64_t, 4> rows;  // of the table; the last where nothing stands between
  size_t row_count;

  Places(const PairPlace& pair, int64_t types)
      : words{pair.head.first, pair.head.last, pair.tail.first, pair.tail.last},
        inner(between(pair)), rows{pair.head_type, types + pair.tail_type,
                                   2 * types + distance_class(pair), 2 * types + kDistances},
        row_count(inner.begin == inner.end ? 4 : 3) {}
};

// The row of the largest number in a column, the first of equal ones; or of one that is none, so
// that it is noticed.
template <class T>
int64_t largest(MatView<const T> x, const Between& inner, int64_t column) {
  int64_t best = inner.begin;
  for (int64_t r = inner.begin; r < inner.end; ++r) {
    const float value = to_float(x.row(r)[column]);
    if (std::isnan(value)) return r;
    if (value > to_float(x.row(best)[column])) best = r;
  }
  return best;
}

template <class T>
void add_up(MatView<const T> x, MatView<const float> table, int64_t types,
            std::span<const PairPlace> pairs, MatView<T> y) {
  const int64_t width = y.cols;
  parallel_for(width, kColumns, [&](int64_t begin, int64_t end) {
    std::vector<float> sum(size_t(end - begin));
    for (size_t i = 0; i < pairs.size(); ++i) {
      const Places at(pairs[i], types);
      std::ranges::fill(sum, 0.0f);
      for (size_t k = 0; k < kPlaces; ++k) {
        const T* in = x.row(at.words[k]) + int64_t(k) * width;
        for (int64_t c = begin; c < end; ++c) sum[size_t(c - begin)] += to_float(in[c]);
      }
      for (size_t k = 0; k < at.row_count; ++k) {
        const float* in = table.row(at.rows[k]);
        for (int64_t c = begin; c < end; ++c) sum[size_t(c - begin)] += in[c];
      }
      for (int64_t c = begin; at.inner.begin < at.inner.end && c < end; ++c) {
        const int64_t column = int64_t(kPlaces) * width + c;
        sum[size_t(c - begin)] += to_float(x.row(largest(x, at.inner, column))[column]);
      }
      T* out = y.row(int64_t(i));
      for (int64_t c = begin; c < end; ++c) store(sum[size_t(c - begin)], out[c]);
    }
  });
}

// dx: zeros; dtable: as the table is, or none.
template <class T>
void spread(MatView<const T> x, MatView<const T> dy, int64_t types,
            std::span<const PairPlace> pairs, MatView<float> dx, float* dtable) {
  const int64_t width = dy.cols;
  parallel_for(width, kColumns, [&](int64_t begin, int64_t end) {
    for (size_t i = 0; i < pairs.size(); ++i) {
      const Places at(pairs[i], types);
      const T* in = dy.row(int64_t(i));
      for (size_t k = 0; k < kPlaces; ++k) {
        float* out = dx.row(at.words[k]) + int64_t(k) * width;
        for (int64_t c = begin; c < end; ++c) out[c] += to_float(in[c]);
      }
      for (size_t k = 0; dtable && k < at.row_count; ++k) {
        float* out = dtable + at.rows[k] * width;
        for (int64_t c = begin; c < end; ++c) out[c] += to_float(in[c]);
      }
      for (int64_t c = begin; at.inner.begin < at.inner.end && c < end; ++c) {
        const int64_t column = int64_t(kPlaces) * width + c;
        dx.row(largest(x, at.inner, column))[column] += to_float(in[c]);
      }
    }
  });
}

struct PairSumsRecord {
  Var x, y;
  const PairPlace* pairs;
  int64_t count, types;
  float* dtable;

  void backward(Graph& graph) const {
    const std::span<const PairPlace> all(pairs, size_t(count));
    const ConstMat in = graph.value(x), dy = graph.grad(y);
    sum_gradient(graph, x, [&](MatView<float> sums) {
      if (dy.type == DType::kBF16) spread(in.as<bf16>(), dy.as<bf16>(), types, all, sums, dtable);
      else spread(in.as<float>(), dy.as<float>(), types, all, sums, dtable);
    });
  }
};

}  // namespace

int64_t distance_class(const PairPlace& pair) {
  constexpr int64_t kHalf = kDistances / 2;
  const Between inner = between(pair);
  const auto bits = int64_t(std::bit_width(uint64_t(inner.end - inner.begin)));
  return (pair.head.first <= pair.tail.first ? 0 : kHalf) + std::min(bits, kHalf - 1);
}

Var pair_sums(Graph& graph, Var x, MatView<const float> table, int64_t types,
              std::span<const PairPlace> pairs) {
  const ConstMat in = graph.value(x);
  RELATUM_CHECK(in.cols == int64_t(kPlaces + 1) * table.cols);
  RELATUM_CHECK(table.rows == PairHead::table_rows(types));
  for (const PairPlace& pair : pairs) {
    RELATUM_CHECK(pair.head_type >= 0 && pair.head_type < types && pair.tail_type >= 0 &&
                  pair.tail_type < types);
  }
  float* dtable = graph.gradient_of(table.data);
  const bool wanted = graph.differentiable(x) || dtable;
  const Var y = graph.create(in.type, int64_t(pairs.size()), table.cols, wanted);
  const Mat out = graph.value(y);
  if (in.type == DType::kBF16) add_up(in.as<bf16>(), table, types, pairs, out.as<bf16>());
  else add_up(in.as<float>(), table, types, pairs, out.as<float>());
  if (graph.recording() && wanted) {
    graph.record(PairSumsRecord{x, y, pairs.data(), int64_t(pairs.size()), types, dtable});
  }
  return y;
}

Var pair_features(Graph& graph, const PairHead& head, Var states,
                  std::span<const PairPlace> pairs) {
  const Var projected = linear(graph, head.project, states);
  return activate(graph, Activation::kGelu,
                  pair_sums(graph, projected, head.table, head.types, pairs));
}

}  // namespace relatum::nn
