// What one pass through a model takes from the arena, followed operation by operation.
#pragma once

#include <cstdint>

#include "arch/model.h"
#include "nn/batch.h"

namespace relatum::train {

/// The sizes of one pass that decide its memory.
struct PassSize {
  int64_t tokens = 0;           ///< T
  int64_t predicting = 0;       ///< tokens whose final state is asked for
  int64_t sources = 0;          ///< tokens of an encoder beside them
  int64_t distances = 0;        ///< that biases are laid out for, of all heads
  int64_t forward_scratch = 0;  ///< bytes of attention's scratch on this number of threads
  int64_t backward_scratch = 0;
  int64_t spans = 0;  ///< of words, whose states are asked for, that the adapter's head reads
};

/// Sizes of a pass over the batch in which `predicting` states are asked for.
PassSize size_of_pass(const arch::ModelInfo& info, const nn::TokenBatch& batch, int64_t predicting);
/// Sizes of a pass over `tokens` tokens in rows of at most `longest`, all states asked for.
PassSize size_of_rows(const arch::ModelInfo& info, int64_t tokens, int64_t longest);

/// Most bytes that forward pass, loss and backward pass hold at a time, once kept weights are
/// prepared for training. adapter: that of the passes, or nullptr. Exact but for small change.
int64_t training_arena(const arch::Model& model, const nn::LoraSet* adapter, DType compute,
                       bool checkpoint, const PassSize& size);
/// The same of a pass that only scores.
int64_t scoring_arena(const arch::Model& model, const nn::LoraSet* adapter, DType compute,
                      const PassSize& size);

}  // namespace relatum::train
