// Logits of rows whose adapters may have output heads of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "engine/worker.h"
#include "nn/graph.h"

namespace relatum::engine {

/// Final states, and per row the place of its adapter among the worker's; neighbours should share
/// one.
struct HeadRows {
  ConstMat states;
  std::span<const size_t> adapters;
};

/// nn::for_each_logits(), each row through the head that its adapter has. The worker has one.
void for_each_logits(const Worker& worker, nn::Graph& graph, const HeadRows& rows,
                     const std::function<void(int64_t, MatView<const float>)>& use);

}  // namespace relatum::engine
