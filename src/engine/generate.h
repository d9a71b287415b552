// Plain greedy generation for many prompts at a time.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/context.h"
#include "engine/inputs.h"
#include "engine/worker.h"

namespace relatum::engine {

struct GenerateOptions {
  int64_t max_new_tokens = 32;
  int64_t batch_tokens = 2048;  ///< prompt tokens of one pass
  /// Prompts before this one are left out: it is 0 or where a batch of an earlier call ended.
  size_t first = 0;
};

/// Per prompt of a batch the tokens that were written.
using TakeTokens = std::function<void(std::vector<std::vector<int32_t>>&& batch)>;

/// Per prompt the tokens up to the model's end token (which is left out) or the limit. Beginnings
/// that all prompts of one adapter share are computed once. Throws Error where a prompt exceeds the
/// context. Stops early, with fewer rows than prompts, when the context says so.
std::vector<std::vector<int32_t>> generate(Worker& worker, const PromptRows& prompts,
                                           const GenerateOptions& options, const Context& context);
/// The same, batch after batch.
void generate_batches(Worker& worker, const PromptRows& prompts, const GenerateOptions& options,
                      const TakeTokens& take, const Context& context);

}  // namespace relatum::engine
