// Threads share the columns, so each sum has one order.
#include "nn/span_rows.h"

#include <algorithm>

#include "base/error.h"
#include "base/parallel_for.h"
#include "nn/activation.h"
#include "nn/gradient_sums.h"

namespace relatum::nn {
namespace {

constexpr int64_t kColumns = 64;  // that are worth a thread

// Of a span's length among `rows` of them.
int64_t row_of(const SpanPlace& span, int64_t rows) {
  return std::min<int64_t>(span.words(), rows) - 1;
}

void store(float value, float& place) { place = value; }
void store(float value, bf16& place) { place = to_bf16(value); }

template <class T>
void add_up(MatView<const T> x, MatView<const float> widths, std::span<const SpanPlace> spans,
            MatView<T> y) {
  parallel_for(y.cols, kColumns, [&](int64_t begin, int64_t end) {
    for (size_t i = 0; i < spans.size(); ++i) {
      const T* first = x.row(spans[i].first);
      const T* last = x.row(spans[i].last) + y.cols;
      const float* width = widths.row(row_of(spans[i], widths.rows));
      T* out = y.row(int64_t(i));
      for (int64_t c = begin; c < end; ++c) {
        store(to_float(first[c]) + to_float(last[c]) + width[c], out[c]);
      }
    }
  });
}

// dx: zeros; dwidths: W x H, or none.
template <class T>
void spread(MatView<const T> dy, std::span<const SpanPlace> spans, MatView<float> dx,
            MatView<float> dwidths) {
  parallel_for(dy.cols, kColumns, [&](int64_t begin, int64_t end) {
    for (size_t i = 0; i < spans.size(); ++i) {
      const T* in = dy.row(int64_t(i));
      float* first = dx.row(spans[i].first);
      float* last = dx.row(spans[i].last) + dy.cols;
      float* width = dwidths.data ? dwidths.row(row_of(spans[i], dwidths.rows)) : nullptr;
      for (int64_t c = begin; c < end; ++c) {
        const float value = to_float(in[c]);
        first[c] += value;
        last[c] += value;
        if (width) width[c] += value;
      }
    }
  });
}

struct SpanRowsRecord {
  Var x, y;
  const SpanPlace* spans;
  int64_t count;
  MatView<float> dwidths;  // W x H, or none

  void backward(Graph& graph) const {
    const std::span<const SpanPlace> all(spans, size_t(count));
    const ConstMat dy = graph.grad(y);
    sum_gradient(graph, x, [&](MatView<float> sums) {
      if (dy.type == DType::kBF16) spread(dy.as<bf16>(), all, sums, dwidths);
      else spread(dy.as<float>(), all, sums, dwidths);
    });
  }
};

}  // namespace

int64_t count_spans(int64_t words, int64_t widest) {
  const int64_t most = std::min(words, widest);
  return most * words - most * (most - 1) / 2;
}

int64_t span_number(int64_t words, int64_t widest, const SpanPlace& span) {
  RELATUM_CHECK(span.first >= 0 && span.first <= span.last && span.last < words &&
                span.words() <= widest);
  return count_spans(words, widest) - count_spans(words - span.first, widest) + span.words() - 1;
}

void add_spans(int64_t begin, int64_t words, int64_t widest, std::vector<SpanPlace>& spans) {
  for (int64_t first = 0; first < words; ++first) {
    for (int64_t last = first; last < std::min(words, first + widest); ++last) {
      spans.push_back({int32_t(begin + first), int32_t(begin + last)});
    }
  }
}

Var span_rows(Graph& graph, Var x, MatView<const float> widths, std::span<const SpanPlace> spans) {
  const ConstMat in = graph.value(x);
  RELATUM_CHECK(in.cols == 2 * widths.cols);
  float* dwidths = graph.gradient_of(widths.data);
  const bool wanted = graph.differentiable(x) || dwidths;
  const Var y = graph.create(in.type, int64_t(spans.size()), widths.cols, wanted);
  const Mat out = graph.value(y);
  if (in.type == DType::kBF16) add_up(in.as<bf16>(), widths, spans, out.as<bf16>());
  else add_up(in.as<float>(), widths, spans, out.as<float>());
  if (graph.recording() && wanted) {
    graph.record(SpanRowsRecord{
        x, y, spans.data(), int64_t(spans.size()), {dwidths, widths.rows, widths.cols}});
  }
  return y;
}

Var span_features(Graph& graph, const SpanHead& head, Var states,
                  std::span<const SpanPlace> spans) {
  const Var projected = linear(graph, head.project, states);
  return activate(graph, Activation::kGelu, span_rows(graph, projected, head.widths, spans));
}

}  // namespace relatum::nn
