// Rows through a network and the classifier over two states of each.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/context.h"
#include "engine/worker.h"

namespace relatum::engine {

/// What the network reads, and the tokens whose final states the classifier reads.
struct ClassifierRow {
  std::vector<int32_t> tokens;
  std::array<int64_t, 2> read{};
};

struct ClassifyOptions {
  int64_t batch_tokens = 2048;  ///< tokens of one pass
  size_t first = 0;  ///< rows before this one are left out: 0, or where a batch of a call ended
};

/// Scores, one at least, as the logarithms of their softmax.
std::vector<double> log_softmax(std::vector<double> scores);

/// Per row of a batch the logarithms of the classes' probabilities.
using TakeClasses = std::function<void(std::vector<std::vector<double>>&& batch)>;

/// Batch after batch, in order; stops early where the context says so. The worker's head is the
/// classifier. Throws Error for a row that is longer than the model's context, and for one that
/// gives numbers which are not finite.
void classify_batches(Worker& worker, std::span<const ClassifierRow> rows,
                      const ClassifyOptions& options, const TakeClasses& take,
                      const Context& context);

}  // namespace relatum::engine
