// An adapted linear whose outputs have magnitudes of their own: forward and backward of DoRA.
#pragma once

#include "nn/graph.h"
#include "nn/linear.h"
#include "nn/lora.h"

namespace relatum::nn {

/// A linear and the pairs of its adapter, which are scaled().
struct ScaledLinear {
  const Linear& layer;
  const LoraGroup& lora;
};

/// y = c (x W^T + s (x A^T) B) + bias (+ add), where c is lora.column_scale: a magnitude per output
/// over the norm of its weights, which counts as a constant. With dropout, as PEFT does it, the
/// base's product is made of x once and of dropout(x) once: y = x W^T + bias (+ add)
/// + (c - 1) (dropout(x) W^T) + c s (dropout(x) A^T) B.
/// x: T x K, y: T x N in the compute type or f32, add: f32 like y, or empty. trace: keys and salt
/// are given; what the backward pass needs is set, in the graph's arena.
void dora_forward(Graph& graph, const ScaledLinear& linear, ConstMat x, Mat y, ConstMat add,
                  LoraTrace& trace);

/// What the backward pass reads and writes.
struct DoraGradients {
  ConstMat dy;      ///< T x N, in y's type
  ConstMat narrow;  ///< the same in the compute type
  Mat dx;           ///< T x K; no data: not wanted
  bool add;         ///< dx is added to, else overwritten
};

/// Adds the gradients of magnitudes and factors and gives the input's: dmagnitude =
/// (dy . product) / norm; dx = (c dy) W + pairs; with dropout dx = dy W + mask ((c - 1) dy) W +
/// pairs; pairs as in LoRA from c dy.
void dora_backward(Graph& graph, const ScaledLinear& linear, const LoraTrace& trace, ConstMat x,
                   const DoraGradients& gradients);

}  // namespace relatum::nn
