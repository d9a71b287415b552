// Forward and backward of the linear layer with its adapters.
#include "nn/linear.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/parallel_for.h"
#include "base/rng.h"
#include "kernels/block_product.h"
#include "kernels/columns.h"
#include "kernels/gemm.h"
#include "kernels/rows.h"
#include "nn/dora.h"
#include "nn/several_adapters.h"
#include "quant/format.h"
#include "tensor/buffer.h"
#include "tensor/finite.h"
#include "tensor/values.h"

namespace relatum::nn {

using kernels::gemm;

Linear::Linear(std::vector<Part> parts, std::vector<float> bias) : parts_(std::move(parts)) {
  RELATUM_CHECK(!parts_.empty());
  in_ = parts_[0].weight.cols;
  for (Part& part : parts_) {
    RELATUM_CHECK(part.weight.cols == in_);
    part.begin = out_;
    out_ += part.weight.rows;
  }
  if (bias.empty()) return;
  RELATUM_CHECK(int64_t(bias.size()) == out_);
  const Weight all = weight_of("", std::move(bias));
  for (const Part& part : parts_) {
    const auto begin = size_t(part.begin) * sizeof(float);
    const auto bytes = size_t(part.weight.rows) * sizeof(float);
    biases_.push_back({part.name + ".bias", "f32", 1, part.weight.rows,
                       all.data.subspan(begin, bytes), all.owner, false});
  }
  bias_ = values_of(biases_[0]);
}

void Linear::prepare(DType compute, bool resident, Buffer* scratch) {
  compute_ = compute;
  blocks_ = stored_blocks();
  forward_ = backward_ = {};
  integers_ = {};
  plain_ = {};
  if (!resident) return;
  if (kernels::packing_pays(compute)) {
    forward_ = packed(true, scratch);
  } else {
    plain_ = Buffer(size_t(out_ * in_) * size_of(compute));
    decode_into({plain_.data(), compute, out_, in_});
  }
}

void Linear::prepare_backward(Buffer* scratch) {
  if (!forward_ || backward_) return;
  RELATUM_CHECK(!integers_);
  backward_ = packed(false, scratch);
}

void Linear::prepare_trained() {
  RELATUM_CHECK(!integers_);
  forward_ = backward_ = {};
  plain_ = {};
  trained_ = values_of(parts_[0].weight);
  for (const Part& part : parts_) {
    RELATUM_CHECK(values_of(part.weight) == trained_ + part.begin * in_);
  }
  if (bias_) bias_ = values_of(biases_[0]);
  for (size_t i = 0; i < biases_.size(); ++i) {
    RELATUM_CHECK(values_of(biases_[i]) == bias_ + parts_[i].begin);
  }
  blocks_ = stored_blocks();
  if (compute_ == DType::kF32) return;
  plain_ = Buffer(size_t(out_ * in_) * size_of(compute_));
  refresh();
}

void Linear::refresh() {
  if (trained_ && plain_.size() > 0) decode_into({plain_.data(), compute_, out_, in_});
}

ConstMat Linear::plain() const {
  if (plain_.size() > 0) return {plain_.data(), compute_, out_, in_};
  return {trained_, DType::kF32, out_, in_};
}

// transposed: for products with the weight's transpose, as the forward pass has them.
kernels::PackedMatrix Linear::packed(bool transposed, Buffer* scratch) const {
  const size_t bytes = size_t(out_ * in_) * size_of(compute_);
  Buffer own;
  Buffer& plain = scratch ? *scratch : own;
  if (plain.size() < bytes) plain = Buffer(bytes);
  const Mat weight{plain.data(), compute_, out_, in_};
  decode_into(weight);
  return kernels::PackedMatrix(weight, transposed);
}

void Linear::prepare_int8(DType compute, const LoraGroup* adapter) {
  compute_ = compute;
  forward_ = backward_ = {};
  plain_ = {};
  Matrix<float> weight(out_, in_);
  decode_into(weight.view());
  merged_ = adapter;
  if (merged_) lora_merge(*merged_, weight.view());
  for (const Part& part : parts_) {
    const float* begin = weight.row(part.begin);
    if (all_finite({begin, size_t(part.weight.rows * in_)})) continue;
    // An 8-bit integer could not show it any more.
    fail("nn.linear", fmt::format("'{}' holds values that are not finite (NaN or infinite){}.",
                                  part.name, merged_ ? ", its adapter included" : ""));
  }
  integers_ = kernels::IntegerWeights(weight.view());
  blocks_ = stored_blocks();
}

bool Linear::stored_blocks() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const Part& part) {
    return kernels::has_block_product(part.weight.format);
  });
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
  const Mat scratch = graph.allocate(compute_, out_, in_);
  decode_into(scratch);
  return scratch;
}

// product(part, y, begin, end): columns [begin, end) of y = x W^T for the part's stored weights.
template <class Product>
void Linear::multiply_parts(MatView<float> y, const Product& product) const {
  constexpr int64_t kValuesEach = 1 << 16;  // weights that are worth a thread
  parallel_for(out_, (kValuesEach + in_ - 1) / in_, [&](int64_t begin, int64_t end) {
    for (const Part& part : parts_) {
      const int64_t first = std::max(begin - part.begin, int64_t{0});
      const int64_t last = std::min(end - part.begin, part.weight.rows);
      if (first < last) product(part, y.cols_from(part.begin, part.weight.rows), first, last);
    }
  });
}

void Linear::multiply_stored(Graph& graph, ConstMat x, Mat y, std::span<const float> bias,
                             ConstMat add) const {
  Arena& arena = graph.arena();
  const Arena::Mark mark = arena.mark();
  float* sums = arena.allocate_array<float>(x.rows * in_ / 32);
  const Mat wide = y.type == DType::kF32 ? y : graph.allocate(DType::kF32, y.rows, y.cols);
  const auto multiply = [&](const auto& rows) {
    multiply_parts(wide.as<float>(),
                   [&](const Part& part, MatView<float> out, int64_t begin, int64_t end) {
      kernels::block_product(part.weight.format, rows, part.weight.data, out, begin, end);
    });
  };
  if (integers_) {
    const kernels::BlockRows rows{x.rows, in_, arena.allocate_array<int8_t>(x.rows * in_),
                                  arena.allocate_array<float>(x.rows * in_ / 32), sums};
    kernels::quantise_blocks(x, rows);
    multiply(rows);
  } else {
    ConstMat floats = x;
    if (x.type != DType::kF32) {
      const Mat converted = graph.allocate(DType::kF32, x.rows, x.cols);
      kernels::convert(x, converted);
      floats = converted;
    }
    const kernels::FloatRows rows{floats.as<float>(), sums};
    kernels::sum_blocks(rows);
    multiply(rows);
  }
  LoraTrace none;
  if (merged_ && merged_->scaled()) {
    lora_forward(graph, *merged_, x, wide, none);
    kernels::scale_columns(wide, merged_->column_scale, 0.0f, bias, add, wide);
  } else {
    if (!bias.empty() || add.data) kernels::rescale_rows(wide, {}, bias, add);
    if (merged_) lora_forward(graph, *merged_, x, wide, none);
    if (merged_ && merged_->frozen) lora_forward(graph, *merged_->frozen, x, wide, none);
  }
  if (y.type != DType::kF32) kernels::convert(wide, y);
  arena.release(mark);
}

void Linear::multiply(Graph& graph, ConstMat x, Mat y, ConstMat add) const {
  multiply_with(graph, x, y, bias(), add);
}

void Linear::multiply_bare(Graph& graph, ConstMat x, Mat y) const {
  multiply_with(graph, x, y, {}, {});
}

void Linear::multiply_with(Graph& graph, ConstMat x, Mat y, std::span<const float> bias,
                           ConstMat add) const {
  if (blocks_ && x.rows <= kStoredRows) return multiply_stored(graph, x, y, bias, add);
  if (integers_) return integers_.multiply(x, y, bias, add, graph.arena());
  kernels::GemmArgs args{.a = x, .c = y, .add = add};
  if (!bias.empty()) args.bias = {bias.data(), DType::kF32, 1, out_};
  if (forward_) {
    args.packed = &forward_;
    return gemm(args);
  }
  const Arena::Mark mark = graph.arena().mark();
  args.b = keeps_plain() ? plain() : decoded(graph);
  args.transpose_b = true;
  gemm(args);
  graph.arena().release(mark);
}

void Linear::multiply_back(Graph& graph, ConstMat dy, Mat dx, bool add) const {
  kernels::GemmArgs args{.a = dy, .c = dx, .accumulate = add};
  RELATUM_CHECK(!integers_);
  const Arena::Mark mark = graph.arena().mark();
  if (backward_) {
    args.packed = &backward_;
  } else {
    args.b = keeps_plain() ? plain() : decoded(graph);
  }
  gemm(args);
  graph.arena().release(mark);
}

namespace {

// What forward leaves for backward.
struct LinearRecord {
  const Linear* layer;
  const LoraGroup* lora;
  Var x, residual, y;
  float* weight_grad;  // N x K; nullptr: frozen
  float* bias_grad;    // N; nullptr: frozen, or there is none
  LoraTrace trace;

  void backward(Graph& graph) const;
};

void LinearRecord::backward(Graph& graph) const {
  Mat dy = graph.grad(y);
  if (graph.differentiable(residual)) {
    RELATUM_CHECK(!graph.has_grad(residual));
    graph.set_grad(residual, dy);
  }
  bool add = false;
  const Mat dx = graph.differentiable(x) ? graph.grad_to_write(x, add) : Mat{};
  const Arena::Mark mark = graph.arena().mark();
  const Mat wide = dy;
  if (dy.type != graph.compute()) {
    const Mat narrow = graph.allocate(graph.compute(), dy.rows, dy.cols);
    kernels::convert(dy, narrow);
    dy = narrow;
  }
  if (lora && lora->scaled()) {
    dora_backward(graph, {*layer, *lora}, trace, graph.value(x), {wide, dy, dx, add});
    graph.arena().release(mark);
    return;
  }
  if (dx.data) layer->multiply_back(graph, dy, dx, add);
  if (bias_grad) kernels::add_column_sums(wide, {bias_grad, size_t(layer->out())});
  if (weight_grad) {
    gemm({.a = dy,
          .b = graph.value(x),
          .c = MatView<float>(weight_grad, layer->out(), layer->in()),
          .transpose_a = true,
          .accumulate = true});
  }
  if (lora) lora_backward(graph, *lora, trace, graph.value(x), dy, dx);
  if (lora && lora->frozen && dx.data) lora_backward(graph, *lora->frozen, {}, {}, dy, dx);
  graph.arena().release(mark);
}

void add_frozen(Graph& graph, const LoraGroup& frozen, ConstMat x, Mat y) {
  const Arena::Mark mark = graph.arena().mark();
  LoraTrace forgotten;
  lora_forward(graph, frozen, x, y, forgotten);
  graph.arena().release(mark);
}

Var run_several(Graph& graph, const Linear& layer, Var x, Var residual, DType type,
                const AdapterUse& use) {
  const Mat in = graph.value(x);
  const Var y = graph.create(type, in.rows, layer.out(), false);
  const ConstMat add = residual ? graph.value(residual) : ConstMat{};
  linear_rows(graph, layer, in, graph.value(y), add, use.rows);
  return y;
}

Var run(Graph& graph, const Linear& layer, Var x, Var residual, DType type, const AdapterUse& use) {
  if (!use.rows.empty()) return run_several(graph, layer, x, residual, type, use);
  const LoraGroup* lora = use.adapter ? use.adapter->of(layer) : nullptr;
  const Mat in = graph.value(x);
  RELATUM_CHECK(in.cols == layer.in() && in.type == graph.compute());
  const bool trained = lora && lora->a_grad.data;
  float* weight_grad = graph.gradient_of(layer.trained());
  float* bias_grad = weight_grad ? graph.gradient_of(layer.bias().data()) : nullptr;
  const bool wanted = graph.differentiable(x) || graph.differentiable(residual) || trained ||
                      weight_grad;
  const Var y = graph.create(type, in.rows, layer.out(), wanted);
  LinearRecord record{&layer, lora, x, residual, y, weight_grad, bias_grad, {}};
  if (lora && lora->dropout > 0 && !use.keys.empty()) {
    RELATUM_CHECK(int64_t(use.keys.size()) == in.rows);
    record.trace.keys = use.keys.data();
    record.trace.salt = mix64(use.step_salt ^ lora->salt);
  }
  const ConstMat add = residual ? graph.value(residual) : ConstMat{};
  if (lora && lora->scaled()) {
    dora_forward(graph, {layer, *lora}, in, graph.value(y), add, record.trace);
  } else {
    layer.multiply(graph, in, graph.value(y), add);
    if (lora) lora_forward(graph, *lora, in, graph.value(y), record.trace);
    if (lora && lora->frozen) add_frozen(graph, *lora->frozen, in, graph.value(y));
  }
  if (graph.recording() && wanted) graph.record(record);
  return y;
}

}  // namespace

Var linear(Graph& graph, const Linear& layer, Var x, const AdapterUse& use) {
  return run(graph, layer, x, {}, graph.compute(), use);
}

Var linear_wide(Graph& graph, const Linear& layer, Var x, const AdapterUse& use) {
  return run(graph, layer, x, {}, DType::kF32, use);
}

Var linear_residual(Graph& graph, const Linear& layer, Var x, Var residual, const AdapterUse& use) {
  return run(graph, layer, x, residual, DType::kF32, use);
}

}  // namespace relatum::nn
