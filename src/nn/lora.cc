// The adapter's products: fused ones where the CPU has them, general ones elsewhere.
#include "nn/lora.h"

#include <algorithm>

#include "base/parallel_for.h"
#include "kernels/gemm.h"
#include "kernels/rows.h"

namespace relatum::nn {
namespace {

using kernels::gemm;

kernels::DropoutMask mask_of(const LoraGroup& lora, const LoraTrace& trace, int64_t rows) {
  return {{trace.keys, size_t(rows)}, trace.salt, lora.dropout};
}

// What dropout multiplies kept elements by.
float keep_scale(const LoraGroup& lora, const LoraTrace& trace) {
  return trace.keys ? 1.0f / (1.0f - lora.dropout) : 1.0f;
}

void add_low(const LoraGroup& lora, ConstMat low, Mat y) {
  for (const LoraPart& part : lora.parts) {
    kernels::lora_up(low.cols_from(part.rank_begin, part.rank), part.b, part.scale, {},
                     y.cols_from(part.out_begin, part.out_count));
  }
}

void forward_fused(Graph& graph, const LoraGroup& lora, ConstMat x, Mat y, LoraTrace& trace) {
  if (trace.keys) {
    const Mat words = graph.allocate(DType::kI32, x.rows, kernels::kept_words(x.cols));
    trace.kept = {static_cast<uint32_t*>(words.data), words.stride};
    kernels::dropout_bits(mask_of(lora, trace, x.rows), x.cols, trace.kept);
  }
  kernels::lora_down(x, trace.kept, lora.a, keep_scale(lora, trace), trace.low);
  add_low(lora, trace.low, y);
}

void backward_fused(Graph& graph, const LoraGroup& lora, const LoraTrace& trace, ConstMat x,
                    ConstMat dy, Mat dx) {
  const Mat dlow = graph.allocate(DType::kBF16, dy.rows, lora.a.rows);
  const Mat scratch = graph.allocate(DType::kI32, (dy.rows + 1) / 2, lora.a.rows);
  const auto pairs = static_cast<uint32_t*>(scratch.data);
  for (const LoraPart& part : lora.parts) {
    const ConstMat d = dy.cols_from(part.out_begin, part.out_count);
    kernels::lora_down(d, {}, part.b, part.scale, dlow.cols_from(part.rank_begin, part.rank));
    if (!part.b_grad.data) continue;
    kernels::lora_gradient(trace.low.cols_from(part.rank_begin, part.rank), d, {}, part.scale,
                           pairs, part.b_grad);
  }
  const float scale = keep_scale(lora, trace);
  if (lora.a_grad.data) kernels::lora_gradient(dlow, x, trace.kept, scale, pairs, lora.a_grad);
  if (dx.data) kernels::lora_up(dlow, lora.a, scale, trace.kept, dx);
}

void backward_general(Graph& graph, const LoraGroup& lora, const LoraTrace& trace, ConstMat x,
                      ConstMat dy, Mat dx) {
  const Mat dlow = graph.allocate(graph.compute(), dy.rows, lora.a.rows);
  for (const LoraPart& part : lora.parts) {
    const ConstMat d = dy.cols_from(part.out_begin, part.out_count);
    gemm({.a = d,
          .b = part.b,
          .c = dlow.cols_from(part.rank_begin, part.rank),
          .transpose_b = true,
          .alpha = part.scale});
    if (!part.b_grad.data) continue;
    gemm({.a = trace.low.cols_from(part.rank_begin, part.rank),
          .b = d,
          .c = part.b_grad,
          .transpose_a = true,
          .accumulate = true,
          .alpha = part.scale});
  }
  if (lora.a_grad.data) {
    gemm({.a = dlow,
          .b = lora_dropped(graph, lora, trace, x),
          .c = lora.a_grad,
          .transpose_a = true,
          .accumulate = true});
  }
  if (!dx.data) return;
  if (!trace.keys) return gemm({.a = dlow, .b = lora.a, .c = dx, .accumulate = true});
  const Mat through = graph.allocate(dx.type, dx.rows, dx.cols);
  gemm({.a = dlow, .b = lora.a, .c = through});
  lora_add_dropped(lora, trace, through, dx);
}

}  // namespace

ConstMat lora_dropped(Graph& graph, const LoraGroup& lora, const LoraTrace& trace, ConstMat x) {
  if (!trace.keys) return x;
  const Mat result = graph.allocate(x.type, x.rows, x.cols);
  kernels::dropout(x, mask_of(lora, trace, x.rows), false, result);
  return result;
}

void lora_add_dropped(const LoraGroup& lora, const LoraTrace& trace, ConstMat through, Mat dx) {
  kernels::dropout(through, mask_of(lora, trace, dx.rows), true, dx);
}

void lora_merge(const LoraGroup& lora, MatView<float> weight) {
  if (lora.frozen) lora_merge(*lora.frozen, weight);
  for (const LoraPart& part : lora.parts) {
    gemm({.a = part.b,
          .b = lora.a.rows_from(part.rank_begin, part.rank),
          .c = Mat(weight).rows_from(part.out_begin, part.out_count),
          .transpose_a = true,
          .accumulate = true,
          .alpha = part.scale});
  }
  if (!lora.scaled()) return;
  parallel_for(weight.rows, 16, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      for (int64_t k = 0; k < weight.cols; ++k) weight.row(n)[k] *= lora.column_scale[size_t(n)];
    }
  });
}

bool lora_is_fused(const Graph& graph, const LoraGroup& lora) {
  if (graph.compute() != DType::kBF16 || !kernels::has_lora_kernels(lora.a.rows)) return false;
  return std::all_of(lora.parts.begin(), lora.parts.end(),
                     [](const LoraPart& part) { return kernels::has_lora_kernels(part.rank); });
}

void lora_forward_fused(const LoraGroup& lora, ConstMat x, Mat low, Mat y) {
  kernels::lora_down(x, {}, lora.a, 1.0f, low);
  add_low(lora, low, y);
}

void lora_forward(Graph& graph, const LoraGroup& lora, ConstMat x, Mat y, LoraTrace& trace) {
  trace.low = graph.allocate(graph.compute(), y.rows, lora.a.rows);
  if (lora_is_fused(graph, lora)) return forward_fused(graph, lora, x, y, trace);
  const Arena::Mark mark = graph.arena().mark();
  gemm(
      {.a = lora_dropped(graph, lora, trace, x), .b = lora.a, .c = trace.low, .transpose_b = true});
  graph.arena().release(mark);
  for (const LoraPart& part : lora.parts) {
    gemm({.a = trace.low.cols_from(part.rank_begin, part.rank),
          .b = part.b,
          .c = y.cols_from(part.out_begin, part.out_count),
          .accumulate = true,
          .alpha = part.scale});
  }
}

void lora_backward(Graph& graph, const LoraGroup& lora, const LoraTrace& trace, ConstMat x,
                   ConstMat dy, Mat dx) {
  if (lora_is_fused(graph, lora)) {
    backward_fused(graph, lora, trace, x, dy, dx);
  } else {
    backward_general(graph, lora, trace, x, dy, dx);
  }
}

}  // namespace relatum::nn
