// Forward and backward of the linear layer with its adapters.
#include "nn/linear.h"

#include "base/error.h"
#include "base/rng.h"
#include "kernels/gemm.h"
#include "kernels/rows.h"
#include "quant/format.h"

namespace relatum::nn {

using kernels::gemm;

Linear::Linear(std::vector<Part> parts, std::vector<float> bias)
    : parts_(std::move(parts)), bias_(std::move(bias)) {
  RELATUM_CHECK(!parts_.empty());
  in_ = parts_[0].weight.cols;
  for (Part& part : parts_) {
    RELATUM_CHECK(part.weight.cols == in_);
    part.begin = out_;
    out_ += part.weight.rows;
  }
  RELATUM_CHECK(bias_.empty() || int64_t(bias_.size()) == out_);
}

void Linear::prepare(DType compute, bool resident) {
  compute_ = compute;
  panel_ = Buffer();
  if (!resident) return;
  panel_ = Buffer(size_t(out_ * in_) * size_of(compute));
  decode_into({panel_.data(), compute, out_, in_});
}

void Linear::set_weight(size_t part, Weight weight) {
  RELATUM_CHECK(weight.rows == parts_[part].weight.rows && weight.cols == in_);
  parts_[part].weight = std::move(weight);
}

void Linear::decode_into(Mat out) const {
  for (const Part& part : parts_) {
    const Mat rows = out.rows_from(part.begin, part.weight.rows);
    if (out.type == DType::kBF16) {
      quant::decode_rows(part.weight, 0, rows.as<bf16>());
    } else {
      quant::decode_rows(part.weight, 0, rows.as<float>());
    }
  }
}

Mat Linear::decoded(Graph& graph) const {
  RELATUM_CHECK(graph.compute() == compute_);
  if (panel_.size()) return {panel_.data(), compute_, out_, in_};
  const Mat scratch = graph.allocate(compute_, out_, in_);
  decode_into(scratch);
  return scratch;
}

namespace {

// What forward leaves for backward.
struct LinearRecord {
  const Linear* layer;
  Var x, residual, y;
  Mat low;                       // T x R: x A^T, after dropout
  const uint64_t* keys;          // nullptr: no dropout
  uint64_t salt;

  void backward(Graph& graph) const;
  void backward_adapter(Graph& graph, const LoraGroup& lora, Mat dy) const;
  kernels::DropoutMask mask(const LoraGroup& lora, int64_t rows) const {
    return {{keys, size_t(rows)}, salt, lora.dropout};
  }
};

// The adapter's input: x, or x with some elements dropped.
Mat adapter_input(Graph& graph, const LinearRecord& r, const LoraGroup& lora) {
  const Mat x = graph.value(r.x);
  if (!r.keys) return x;
  const Mat dropped = graph.allocate(x.type, x.rows, x.cols);
  kernels::dropout(x, r.mask(lora, x.rows), false, dropped);
  return dropped;
}

void add_adapter(Graph& graph, LinearRecord& r, const LoraGroup& lora, Mat y) {
  r.low = graph.allocate(graph.compute(), y.rows, lora.a.rows);
  const Arena::Mark mark = graph.arena().mark();
  gemm({.a = adapter_input(graph, r, lora), .b = lora.a, .c = r.low, .transpose_b = true});
  graph.arena().release(mark);
  for (const LoraPart& part : lora.parts) {
    gemm({.a = r.low.cols_from(part.rank_begin, part.rank), .b = part.b,
          .c = y.cols_from(part.out_begin, part.out_count), .accumulate = true,
          .alpha = part.scale});
  }
}

void LinearRecord::backward_adapter(Graph& graph, const LoraGroup& lora, Mat dy) const {
  const Mat dlow = graph.allocate(graph.compute(), dy.rows, lora.a.rows);
  for (const LoraPart& part : lora.parts) {
    const Mat d = dy.cols_from(part.out_begin, part.out_count);
    gemm({.a = d, .b = part.b, .c = dlow.cols_from(part.rank_begin, part.rank),
          .transpose_b = true, .alpha = part.scale});
    if (!part.b_grad.data) continue;
    gemm({.a = low.cols_from(part.rank_begin, part.rank), .b = d, .c = part.b_grad,
          .transpose_a = true, .accumulate = true, .alpha = part.scale});
  }
  if (lora.a_grad.data) {
    gemm({.a = dlow, .b = adapter_input(graph, *this, lora), .c = lora.a_grad,
          .transpose_a = true, .accumulate = true});
  }
  if (!graph.differentiable(x)) return;
  const Mat dx = graph.grad(x);
  if (!keys) return gemm({.a = dlow, .b = lora.a, .c = dx, .accumulate = true});
  const Mat through = graph.allocate(dx.type, dx.rows, dx.cols);
  gemm({.a = dlow, .b = lora.a, .c = through});
  kernels::dropout(through, mask(lora, dx.rows), true, dx);
}

void LinearRecord::backward(Graph& graph) const {
  Mat dy = graph.grad(y);
  if (graph.differentiable(residual)) {
    RELATUM_CHECK(!graph.has_grad(residual));
    graph.set_grad(residual, dy);
  }
  bool add = false;
  const Mat dx = graph.differentiable(x) ? graph.grad_to_write(x, add) : Mat{};
  const Arena::Mark mark = graph.arena().mark();
  if (dy.type != graph.compute()) {
    const Mat narrow = graph.allocate(graph.compute(), dy.rows, dy.cols);
    kernels::convert(dy, narrow);
    dy = narrow;
  }
  if (dx.data) gemm({.a = dy, .b = layer->decoded(graph), .c = dx, .accumulate = add});
  if (layer->lora()) backward_adapter(graph, *layer->lora(), dy);
  graph.arena().release(mark);
}

bool trained(const Linear& layer) { return layer.lora() && layer.lora()->a_grad.data; }

Var run(Graph& graph, const Linear& layer, Var x, Var residual, const DropoutKeys& dropout) {
  const Mat in = graph.value(x);
  RELATUM_CHECK(in.cols == layer.in() && in.type == graph.compute());
  const bool wanted =
      graph.differentiable(x) || graph.differentiable(residual) || trained(layer);
  const DType type = residual ? DType::kF32 : graph.compute();
  const Var y = graph.create(type, in.rows, layer.out(), wanted);
  LinearRecord record{&layer, x, residual, y, {}, nullptr, 0};
  if (layer.lora() && layer.lora()->dropout > 0 && !dropout.keys.empty()) {
    RELATUM_CHECK(int64_t(dropout.keys.size()) == in.rows);
    record.keys = dropout.keys.data();
    record.salt = mix64(dropout.step_salt ^ layer.lora()->salt);
  }
  const Arena::Mark mark = graph.arena().mark();
  Mat bias;
  if (!layer.bias().empty()) {
    bias = {const_cast<float*>(layer.bias().data()), DType::kF32, 1, layer.out()};
  }
  gemm({.a = in, .b = layer.decoded(graph), .c = graph.value(y), .transpose_b = true,
        .add = residual ? graph.value(residual) : Mat{}, .bias = bias});
  graph.arena().release(mark);
  if (layer.lora()) add_adapter(graph, record, *layer.lora(), graph.value(y));
  if (graph.recording() && wanted) graph.record(record);
  return y;
}

}  // namespace

Var linear(Graph& graph, const Linear& layer, Var x, const DropoutKeys& dropout) {
  return run(graph, layer, x, {}, dropout);
}

Var linear_residual(Graph& graph, const Linear& layer, Var x, Var residual,
                    const DropoutKeys& dropout) {
  return run(graph, layer, x, residual, dropout);
}

}  // namespace relatum::nn
