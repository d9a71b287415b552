// What a run will need, told before it starts.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "arch/model.h"
#include "train/adapter.h"
#include "train/batcher.h"

namespace relatum::train {

struct Estimate {
  int64_t memory_bytes = 0;   ///< weights, adapter with optimiser, activations of a micro-batch
  int64_t disk_bytes = 0;     ///< adapter and state
  int64_t tokens = 0;         ///< computed over all epochs
  double flops = 0;           ///< of the model's own products, forward and backward
};

struct EstimateOptions {
  BatchOptions batch;
  int64_t epochs = 1;
  bool checkpoint = false;
};

/// Sizes of weights and adapter are exact, transient buffers are estimated.
Estimate estimate(arch::Model& model, const Adapter& adapter, DType compute,
                  std::span<const TrainRow> rows, const EstimateOptions& options);

/// The options changed as little as brings the estimated memory down to `budget` bytes: layers are
/// computed again in the backward pass, then fewer tokens at a time. nullopt where that is not
/// enough.
std::optional<EstimateOptions> fit_memory(arch::Model& model, const Adapter& adapter,
                                          DType compute, std::span<const TrainRow> rows,
                                          EstimateOptions options, int64_t budget);

/// Rate of a bf16, f32 or int8 product of the size that training computes, in operations per
/// second: the machine's limit, measured in about a fifth of a second.
double measure_gemm_rate(DType compute);

}  // namespace relatum::train
