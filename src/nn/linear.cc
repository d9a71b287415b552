// Forward and backward of the linear layer with its adapters.
#include "nn/linear.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/parallel_for.h"
#include "base/rng.h"
#include "kernels/blocks.h"
#include "kernels/gemm.h"
#include "kernels/rows.h"
#include "quant/format.h"
#include "tensor/buffer.h"
#include "tensor/finite.h"

namespace relatum::nn {

using kernels::gemm;

namespace {
}

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
  resident_ = resident;
  blocks_ = false;
  forward_ = backward_ = {};
  if (!resident) return;
  const Buffer plain(size_t(out_ * in_) * size_of(compute));
  const Mat weight{plain.data(), compute, out_, in_};
  decode_into(weight);
  forward_ = kernels::PackedMatrix(weight, true);
}

void Linear::prepare_int8(DType compute) {
  compute_ = compute;
  resident_ = true;
  backward_ = {};
  Matrix<float> weight(out_, in_);
  decode_into(weight.view());
  if (lora_) {
    for (const LoraPart& part : lora_->parts) {
      gemm({.a = part.b, .b = lora_->a.rows_from(part.rank_begin, part.rank),
            .c = Mat(weight.view()).rows_from(part.out_begin, part.out_count),
            .transpose_a = true, .accumulate = true, .alpha = part.scale});
    }
    merged_ = lora_;
    lora_ = nullptr;
  }
  for (const Part& part : parts_) {
    const float* begin = weight.row(part.begin);
    if (all_finite({begin, size_t(part.weight.rows * in_)})) continue;
    // An 8-bit integer could not show it any more.
    fail("nn.linear", fmt::format("'{}' holds values that are not finite (NaN or infinite){}.",
                                  part.name, merged_ ? ", its adapter included" : ""));
  }
  kernels::hadamard_rows(weight.view(), weight.view());  // as multiply_int8 does with its input
  forward_ = kernels::PackedMatrix::quantised(weight.view());
  blocks_ = std::all_of(parts_.begin(), parts_.end(), [](const Part& part) {
    return kernels::has_block_product(part.weight.format);
  });
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
  const Mat scratch = graph.allocate(compute_, out_, in_);
  decode_into(scratch);
  return scratch;
}

void Linear::multiply_stored(Graph& graph, Mat x, Mat y, Mat add) const {
  constexpr int64_t kValuesEach = 1 << 16;  // weights that are worth a thread
  const Arena::Mark mark = graph.arena().mark();
  const int64_t blocks = x.rows * in_ / 32;
  const kernels::BlockRows rows{x.rows, in_, graph.arena().allocate_array<int8_t>(x.rows * in_),
                                graph.arena().allocate_array<float>(blocks),
                                graph.arena().allocate_array<float>(blocks)};
  kernels::quantise_blocks(x, rows);
  const Mat wide = y.type == DType::kF32 ? y : graph.allocate(DType::kF32, y.rows, y.cols);
  const MatView<float> out = wide.as<float>();
  parallel_for(out_, (kValuesEach + in_ - 1) / in_, [&](int64_t begin, int64_t end) {
    for (const Part& part : parts_) {
      const int64_t first = std::max(begin - part.begin, int64_t{0});
      const int64_t last = std::min(end - part.begin, part.weight.rows);
      if (first >= last) continue;
      kernels::block_product(part.weight.format, rows, part.weight.data,
                             out.cols_from(part.begin, part.weight.rows), first, last);
    }
  });
  if (!bias_.empty() || add.data) kernels::rescale_rows(wide, {}, bias_, add);
  if (merged_) {
    LoraTrace none;
    lora_forward(graph, *merged_, x, wide, none);
  }
  if (y.type != DType::kF32) kernels::convert(wide, y);
  graph.arena().release(mark);
}

void Linear::multiply_int8(Graph& graph, Mat x, Mat y, Mat add) const {
  const Arena::Mark mark = graph.arena().mark();
  const Mat codes = graph.allocate(DType::kI8, x.rows, x.cols);
  const std::span<float> scales(graph.arena().allocate_array<float>(x.rows), size_t(x.rows));
  const Mat turned = graph.allocate(DType::kF32, thread_count(), x.cols);
  kernels::quantise_turned_rows(x, codes.as<int8_t>(), scales, turned.as<float>());
  gemm({.a = codes, .c = y, .packed = &forward_});
  kernels::rescale_rows(y, scales, bias_, add);
  graph.arena().release(mark);
}

void Linear::multiply(Graph& graph, Mat x, Mat y, Mat add) const {
  if (blocks_ && x.rows <= kStoredRows) return multiply_stored(graph, x, y, add);
  if (forward_.type() == DType::kI8) return multiply_int8(graph, x, y, add);
  kernels::GemmArgs args{.a = x, .c = y, .add = add};
  if (!bias_.empty()) args.bias = {const_cast<float*>(bias_.data()), DType::kF32, 1, out_};
  if (forward_) {
    args.packed = &forward_;
    return gemm(args);
  }
  const Arena::Mark mark = graph.arena().mark();
  args.b = decoded(graph);
  args.transpose_b = true;
  gemm(args);
  graph.arena().release(mark);
}

void Linear::multiply_back(Graph& graph, Mat dy, Mat dx, bool add) const {
  kernels::GemmArgs args{.a = dy, .c = dx, .accumulate = add};
  RELATUM_CHECK(forward_.type() != DType::kI8);
  const Arena::Mark mark = graph.arena().mark();
  if (resident_ && !backward_) backward_ = kernels::PackedMatrix(decoded(graph), false);
  if (backward_) {
    args.packed = &backward_;
  } else {
    args.b = decoded(graph);
  }
  gemm(args);
  graph.arena().release(mark);
}

namespace {

// What forward leaves for backward.
struct LinearRecord {
  const Linear* layer;
  Var x, residual, y;
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
  if (dy.type != graph.compute()) {
    const Mat narrow = graph.allocate(graph.compute(), dy.rows, dy.cols);
    kernels::convert(dy, narrow);
    dy = narrow;
  }
  if (dx.data) layer->multiply_back(graph, dy, dx, add);
  if (layer->lora()) lora_backward(graph, *layer->lora(), trace, graph.value(x), dy, dx);
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
  LinearRecord record{&layer, x, residual, y, {}};
  if (layer.lora() && layer.lora()->dropout > 0 && !dropout.keys.empty()) {
    RELATUM_CHECK(int64_t(dropout.keys.size()) == in.rows);
    record.trace.keys = dropout.keys.data();
    record.trace.salt = mix64(dropout.step_salt ^ layer.lora()->salt);
  }
  layer.multiply(graph, in, graph.value(y), residual ? graph.value(residual) : Mat{});
  if (layer.lora()) lora_forward(graph, *layer.lora(), in, graph.value(y), record.trace);
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
