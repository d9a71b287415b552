// What a run will need, told before it starts.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "arch/model.h"
#include "train/batcher.h"
#include "train/trainable.h"

namespace relatum::train {

struct Estimate {
  int64_t memory_bytes = 0;  ///< most that the program holds at a time, what it holds now included
  int64_t disk_bytes = 0;    ///< result and state
  int64_t tokens = 0;        ///< computed over all epochs
  double flops = 0;          ///< of the model's own products, forward and backward
  /// Read and written beside products where weights are trained themselves, which takes the same
  /// for each step however few its tokens are; 0 for an adapter, which is small.
  double moved_bytes = 0;
};

struct EstimateOptions {
  BatchOptions batch;
  int64_t epochs = 1;
  bool checkpoint = false;
  uint64_t seed = 1;  ///< of the trainer: it decides which rows are computed together
  /// Tokens that an evaluation on the way computes at once; 0: there is none.
  int64_t evaluation_tokens = 0;
  /// Bytes that the program holds in memory now, model and rows included (its resident set), and
  /// the most it held so far. 0: not known; the model's weights are counted instead.
  int64_t held_bytes = 0, peak_bytes = 0;
};

/// What the run will hold at most: what is held now; pages of the model's file that training will
/// read; weights packed for the backward pass; gradients, moments and best values; the arena of the
/// largest micro-batch or evaluation; compiled products. bench/memory.py holds it to what runs
/// took.
Estimate estimate(const arch::Model& model, const Trainable& trained, DType compute,
                  std::span<const TrainRow> rows, const EstimateOptions& options);

/// The options changed as little as brings the estimated memory down to `budget` bytes: layers are
/// computed again in the backward pass, then fewer tokens at a time. nullopt where that is not
/// enough.
std::optional<EstimateOptions> fit_memory(const arch::Model& model, const Trainable& trained,
                                          DType compute, std::span<const TrainRow> rows,
                                          EstimateOptions options, int64_t budget);

/// Rate of a bf16, f32 or int8 product of the size that training computes, in operations per
/// second: the machine's limit, measured in about a fifth of a second. That of int8 includes
/// turning inputs into integers.
double measure_gemm_rate(DType compute);

/// Bytes per second that AdamW reads and writes where it moves so many numbers; measured with four
/// million of them at most, which is more than caches hold.
double measure_memory_rate(int64_t numbers);

}  // namespace relatum::train
