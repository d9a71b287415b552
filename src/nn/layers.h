// Runs a stack of equal layers: recorded, checkpointed, or with memory given back after each.
#pragma once

#include <cstdint>

#include "nn/graph.h"

namespace relatum::nn {

/// One layer of a stack: T x D f32 in, the same out; the last one may give fewer rows. Must give
/// the same bits each time.
class LayerStack {
 public:
  virtual ~LayerStack() = default;
  virtual int64_t layers() const = 0;
  /// Rows that the last layer gives for T of them.
  virtual int64_t rows_out(int64_t rows) const { return rows; }
  virtual Var run(Graph& graph, int64_t layer, Var x) const = 0;
};

/// Runs all layers on x. Not recording: each layer's memory is given back, its result stays.
/// Recording with `checkpoint`: a layer keeps its input alone and is run again in the backward
/// pass (Chen et al. 2016, arXiv 1604.06174). The stack must outlive the graph's backward pass.
Var run_layers(Graph& graph, const LayerStack& stack, Var x, bool checkpoint);
/// Called behind run_layers() for an f32 value that its layers read besides: what they add to its
/// gradient stays when their memory is given back.
void outlast_layers(Graph& graph, Var x);

}  // namespace relatum::nn
