// Rows through a network, and its final states at some of their tokens.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.h"
#include "engine/worker.h"
#include "tensor/buffer.h"

namespace relatum::engine {

/// The final states at the tokens that rows `read`, row after row, by one pass over their `tokens`
/// with the worker's adapter. The graph is the worker's, and `batch` an empty one of its network.
template <class Row>
nn::Var states_read(Worker& worker, std::span<const Row> rows, nn::TokenBatch& batch,
                    nn::Graph& graph) {
  std::vector<int64_t> read;
  for (const Row& row : rows) {
    for (const int64_t token : row.read) read.push_back(batch.size() + token);
    batch.append(batch.root(), row.tokens);
  }
  batch.finish();
  arch::ForwardOptions options;
  options.rows = read;
  options.adapter = worker.adapter();
  return worker.model().forward(graph, batch, options);
}

/// What the network reads, and the tokens whose final states are wanted; all rows of a call have
/// equally many.
struct StateRow {
  std::vector<int32_t> tokens;
  std::vector<int64_t> read;
};

/// N rows with R such tokens each to N x (R W), W the network's width: the states of a row behind
/// one another. Passes have at most `batch_tokens` tokens (a longer row stands alone), with the
/// worker's adapter, one or none. Fewer rows where the context stops. Throws Error for a row that
/// gives numbers which are not finite.
Matrix<float> read_states(Worker& worker, std::span<const StateRow> rows, int64_t batch_tokens,
                          const Context& context);

}  // namespace relatum::engine
