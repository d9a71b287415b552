// Sums over the model's shapes, and a short measurement.
#include "train/estimate.h"

#include <algorithm>
#include <chrono>

#include "kernels/gemm.h"
#include "tensor/buffer.h"

namespace relatum::train {
namespace {

// Bytes per token that the tape keeps for one layer: residuals f32, the rest in the compute type.
double layer_bytes(const arch::ModelInfo& info, DType compute) {
  const double d = double(info.width), f = double(info.ffn_width);
  const double q = double(info.heads * info.head_size), kv = double(info.kv_heads * info.head_size);
  const double narrow = 2 * d + (q + 2 * kv) + q + 3 * f;
  return 2 * d * 4 + narrow * double(size_of(compute));
}

// Kept decoded weights: packed for the forward pass and, once training starts, for the backward
// pass too, whose copies are not there yet.
int64_t weight_bytes(arch::Model& model) {
  std::vector<nn::Linear*> linears = model.linears();
  if (model.head()) linears.push_back(model.head());
  int64_t bytes = 0;
  for (const nn::Linear* linear : linears) {
    if (!linear->resident_bytes()) continue;
    bytes += 2 * linear->out() * linear->in() * int64_t(size_of(linear->compute()));
  }
  return bytes;
}

}  // namespace

Estimate estimate(arch::Model& model, const Adapter& adapter, DType compute,
                  std::span<const TrainRow> rows, const EstimateOptions& options) {
  const BatchOptions& batch = options.batch;
  const arch::ModelInfo& info = model.info();
  Estimate result;
  int64_t answers = 0;
  for (const StepRows& step : plan_epoch(rows, batch, 1, 0)) {
    const TrainBatch built = build_batch(rows, step, batch.share);
    result.tokens += built.batch.size();
    answers += int64_t(built.targets.size());
  }
  result.tokens *= options.epochs;
  answers *= options.epochs;
  double parameters = 0;
  for (const nn::Linear* linear : model.linears()) {
    parameters += double(linear->in() * linear->out());
  }
  const double head = double(info.width) * double(info.vocabulary);
  const double adapters = double(adapter.values().size());
  // Forward and backward of frozen weights take 2 + 2 operations a weight, of adapters 2 + 4.
  result.flops =
      double(result.tokens) * (4 * parameters + 6 * adapters) + double(answers) * 4 * head;
  const double kept = layer_bytes(info, compute) * double(options.checkpoint ? 1 : info.layers) +
                      (options.checkpoint ? double(info.width * info.layers) * 4 : 0);
  const double transient = 3 * layer_bytes(info, compute);
  const int64_t micro = std::min(batch.micro_tokens, batch.batch_tokens);
  result.memory_bytes = weight_bytes(model) + int64_t(adapters) * 5 * 4 +
                        int64_t(double(micro) * (kept + transient)) +
                        int64_t{256} * info.vocabulary * 6;
  result.disk_bytes = int64_t(adapters) * 4 * 5;
  return result;
}

std::optional<EstimateOptions> fit_memory(arch::Model& model, const Adapter& adapter,
                                          DType compute, std::span<const TrainRow> rows,
                                          EstimateOptions options, int64_t budget) {
  constexpr int64_t kLeastTokens = 64;  // at once; products of fewer rows are slow
  int64_t& micro = options.batch.micro_tokens;
  micro = std::min(micro, options.batch.batch_tokens);
  const auto fits = [&] {
    return estimate(model, adapter, compute, rows, options).memory_bytes <= budget;
  };
  if (fits()) return options;
  options.checkpoint = true;
  while (!fits()) {
    if (micro <= kLeastTokens) return std::nullopt;
    micro = std::max(kLeastTokens, micro / 2);
  }
  return options;
}

double measure_gemm_rate(DType compute) {
  constexpr int64_t kRows = 2048, kOut = 1536, kIn = 576;
  const size_t width = size_of(compute);
  Buffer a(size_t(kRows * kIn) * width), b(size_t(kOut * kIn) * sizeof(float));
  const DType out = compute == DType::kI8 ? DType::kBF16 : compute;
  const Buffer c(size_t(kRows * kOut) * size_of(out));
  a.zero();
  b.zero();
  const kernels::PackedMatrix weights =
      compute == DType::kI8 ? kernels::PackedMatrix::quantised({b.as<float>(), kOut, kIn})
                            : kernels::PackedMatrix({b.data(), compute, kOut, kIn}, true);
  const kernels::GemmArgs product{.a = {a.data(), compute, kRows, kIn},
                                  .c = {c.data(), out, kRows, kOut}, .packed = &weights};
  double best = 1e9;
  for (int i = 0; i < 12; ++i) {
    const auto start = std::chrono::steady_clock::now();
    kernels::gemm(product);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count());
  }
  return 2.0 * kRows * kOut * kIn / best;
}

}  // namespace relatum::train
