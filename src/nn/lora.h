// The trainable low-rank pairs beside a linear's frozen weight.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "kernels/lora.h"
#include "nn/graph.h"
#include "tensor/mat.h"

namespace relatum::nn {

/// The pair of one part: its outputs gain scale * (x A^T) B, with A in rows
/// [rank_begin, rank_begin + rank) of the group's `a`, and B stored R x N (PEFT's lora_B,
/// transposed: so stored, every product with it reads rows).
struct LoraPart {
  int64_t out_begin = 0, out_count = 0;  ///< columns of the linear's output
  int64_t rank_begin = 0, rank = 0;
  float scale = 1.0f;     ///< alpha / rank (or alpha / sqrt(rank))
  ConstMat b;             ///< R x N in the compute type
  MatView<float> b_grad;  ///< R x N; no data: not trained
};

/// All pairs of a linear; its parts read the same input, so their A stand on each other.
/// (Hu et al. 2021, arXiv 2106.09685)
struct LoraGroup {
  ConstMat a;             ///< sum of R x K in the compute type
  MatView<float> a_grad;  ///< as a, f32; no data: not trained
  std::vector<LoraPart> parts;
  float dropout = 0;  ///< of the pairs' input, in training
  uint64_t salt = 0;  ///< tells this linear's masks from others'
};

class Linear;

/// An adapter as a forward pass is given it: the pairs of each linear that has some. Any number of
/// passes may share one. The groups and the linears outlive it.
class LoraSet {
 public:
  void add(const Linear& linear, const LoraGroup* group) { groups_[&linear] = group; }
  /// nullptr where the linear has none.
  const LoraGroup* of(const Linear& linear) const {
    const auto found = groups_.find(&linear);
    return found == groups_.end() ? nullptr : found->second;
  }

 private:
  std::unordered_map<const Linear*, const LoraGroup*> groups_;
};

/// What the forward pass keeps of an adapter's input for the backward pass.
struct LoraTrace {
  const uint64_t* keys = nullptr;  ///< per row; nullptr: no dropout
  uint64_t salt = 0;
  kernels::KeptBits kept;  ///< the masks, where the fused products serve
  Mat low;                 ///< T x R: x A^T, after dropout
};

/// y += scale * (dropout(x) A^T) B for each part. x: T x K, y: T x N in the compute type or f32.
/// trace: keys and salt are given; kept and low are set, in the graph's arena.
void lora_forward(Graph& graph, const LoraGroup& lora, ConstMat x, Mat y, LoraTrace& trace);
/// Adds the factors' gradients and, where dx has data, the input's. dy is in the compute type.
void lora_backward(Graph& graph, const LoraGroup& lora, const LoraTrace& trace, ConstMat x,
                   ConstMat dy, Mat dx);

}  // namespace relatum::nn
