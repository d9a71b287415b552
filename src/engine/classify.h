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

/// The first row behind `begin`, which is one, that does not fit into a pass of so many tokens
/// beside those from there on. Rows have `tokens`.
template <class Row>
size_t end_of_batch(std::span<const Row> rows, size_t begin, int64_t batch_tokens) {
  size_t end = begin + 1;
  int64_t tokens = int64_t(rows[begin].tokens.size());
  while (end < rows.size()) {
    tokens += int64_t(rows[end].tokens.size());
    if (tokens > batch_tokens) break;
    ++end;
  }
  return end;
}

/// Calls use(batch) for the rows from `first` on, batch after batch of at most `batch_tokens`
/// tokens (a longer row stands alone); stops early where the context does.
template <class Row, class Use>
void for_each_batch(std::span<const Row> rows, size_t first, int64_t batch_tokens,
                    const Context& context, const Use& use) {
  while (first < rows.size() && !context.stopping()) {
    const size_t end = end_of_batch(rows, first, batch_tokens);
    use(rows.subspan(first, end - first));
    first = end;
  }
}

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
