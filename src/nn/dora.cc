// DoRA's products: those of LoRA between two sweeps over columns.
#include "nn/dora.h"

#include "kernels/columns.h"

namespace relatum::nn {
namespace {

// y has the base's own product, bias and residual; this adds what scaling does to that of the
// dropped input, whose product is left in the trace with the pair's.
void add_dropped_part(Graph& graph, const ScaledLinear& linear, ConstMat x, Mat y,
                      LoraTrace& trace) {
  const Arena::Mark mark = graph.arena().mark();
  linear.layer.multiply_bare(graph, lora_dropped(graph, linear.lora, trace, x), trace.product);
  graph.arena().release(mark);
  kernels::add_columns(trace.product, {}, -1.0f, y);
  lora_forward(graph, linear.lora, x, trace.product, trace);
  kernels::add_columns(trace.product, linear.lora.column_scale, 0.0f, y);
}

void add_magnitude_gradients(const LoraGroup& lora, ConstMat product, ConstMat dy) {
  for (const LoraPart& part : lora.parts) {
    if (!part.magnitude_grad) continue;
    const auto begin = size_t(part.out_begin), count = size_t(part.out_count);
    kernels::column_products(dy.cols_from(part.out_begin, part.out_count),
                             product.cols_from(part.out_begin, part.out_count),
                             lora.inverse_norm.subspan(begin, count), {part.magnitude_grad, count});
  }
}

}  // namespace

void dora_forward(Graph& graph, const ScaledLinear& linear, ConstMat x, Mat y, ConstMat add,
                  LoraTrace& trace) {
  trace.product = graph.allocate(y.type, y.rows, y.cols);
  if (trace.keys) {
    linear.layer.multiply(graph, x, y, add);
    return add_dropped_part(graph, linear, x, y, trace);
  }
  linear.layer.multiply_bare(graph, x, trace.product);
  lora_forward(graph, linear.lora, x, trace.product, trace);
  kernels::scale_columns(trace.product, linear.lora.column_scale, 0.0f, linear.layer.bias(), add,
                         y);
}

void dora_backward(Graph& graph, const ScaledLinear& linear, const LoraTrace& trace, ConstMat x,
                   const DoraGradients& gradients) {
  const LoraGroup& lora = linear.lora;
  const auto& [dy, narrow, dx, add] = gradients;
  add_magnitude_gradients(lora, trace.product, dy);
  const Mat scaled = graph.allocate(narrow.type, narrow.rows, narrow.cols);
  if (dx.data && trace.keys) {
    linear.layer.multiply_back(graph, narrow, dx, add);
    kernels::scale_columns(narrow, lora.column_scale, -1.0f, {}, {}, scaled);
    const Arena::Mark mark = graph.arena().mark();
    const Mat through = graph.allocate(dx.type, dx.rows, dx.cols);
    linear.layer.multiply_back(graph, scaled, through, false);
    lora_add_dropped(lora, trace, through, dx);
    graph.arena().release(mark);
  }
  kernels::scale_columns(narrow, lora.column_scale, 0.0f, {}, {}, scaled);
  if (dx.data && !trace.keys) linear.layer.multiply_back(graph, scaled, dx, add);
  lora_backward(graph, lora, trace, x, scaled, dx);
}

}  // namespace relatum::nn
