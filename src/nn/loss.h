// Cross-entropy of a language-model head, without ever holding all logits.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "nn/graph.h"
#include "nn/linear.h"

namespace relatum::nn {

/// A loss as (sum, count), so that micro-batches of any cut add up to the same mean, which is
/// sum / weight.
struct LossSum {
  double sum = 0;  ///< over rows, each as often as it weighs
  int64_t count = 0;
  double weight = 0;  ///< of all rows; without weights their count
};

/// Sum over rows of -log softmax(head(x))[target]. x: T x D in the compute type, head: D to V.
/// Goes through the rows in chunks: logits (chunk x V, f32), the loss, and, when recording, at
/// once dx = (softmax - onehot) W with the gradient of the sum taken as 1; so is dW += (softmax -
/// onehot)^T x where the graph trains W, and so is that of the head's bias. `weights`: T numbers
/// that a row's loss, and so its part of every gradient, is multiplied by; none: 1 each. In bf16 a
/// weighted row is rounded once more.
LossSum head_cross_entropy(Graph& graph, const Linear& head, Var x,
                           std::span<const int32_t> targets, std::span<const float> weights = {});

/// Calls use(first row, logits chunk x V f32) for chunks of rows of head(x); no gradients.
void for_each_logits(Graph& graph, const Linear& head, ConstMat x,
                     const std::function<void(int64_t, MatView<const float>)>& use);

}  // namespace relatum::nn
