// The trainable low-rank pairs beside a linear's frozen weight.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "kernels/lora.h"
#include "nn/graph.h"
#include "tensor/mat.h"
#include "tensor/weight.h"

namespace relatum::nn {

/// The pair of one part: its outputs gain scale * (x A^T) B, with A in rows
/// [rank_begin, rank_begin + rank) of the group's `a`, and B stored R x N (PEFT's lora_B,
/// transposed: so stored, every product with it reads rows).
struct LoraPart {
  int64_t out_begin = 0, out_count = 0;  ///< columns of the linear's output
  int64_t rank_begin = 0, rank = 0;
  float scale = 1.0f;               ///< alpha / rank (or alpha / sqrt(rank))
  ConstMat b;                       ///< R x N in the compute type
  MatView<float> b_grad;            ///< R x N; no data: not trained
  float* magnitude_grad = nullptr;  ///< N, of the magnitudes (DoRA); nullptr: not trained
};

/// All pairs of a linear; its parts read the same input, so their A stand on each other.
/// (Hu et al. 2021, arXiv 2106.09685)
struct LoraGroup {
  ConstMat a;             ///< sum of R x K in the compute type
  MatView<float> a_grad;  ///< as a, f32; no data: not trained
  std::vector<LoraPart> parts;
  float dropout = 0;  ///< of the pairs' input, in training
  uint64_t salt = 0;  ///< tells this linear's masks from others'
  /// Of DoRA: what each of the linear's outputs is multiplied by once the pair was added, its
  /// magnitude / ||W + s B A||, and 1 / that norm; 1 and 0 for outputs without a pair. N values
  /// each, or empty: plain LoRA. (Liu et al. 2024, arXiv 2402.09353)
  std::span<const float> column_scale, inverse_norm;
  /// Pairs that are part of the frozen weight: added without dropout, never trained.
  const LoraGroup* frozen = nullptr;

  bool scaled() const { return !column_scale.empty(); }
};

class Linear;
struct PairHead;

/// An adapter as a forward pass is given it: the pairs of each linear that has some, and modules
/// that take the place of the network's own. Any number of passes may share one. All that it names
/// outlives it.
class LoraSet {
 public:
  void add(const Linear& linear, const LoraGroup* group) { groups_[&linear] = group; }
  /// nullptr where the linear has none.
  const LoraGroup* of(const Linear& linear) const {
    const auto found = groups_.find(&linear);
    return found == groups_.end() ? nullptr : found->second;
  }
  /// The output head in the place of the network's, D to V; nullptr: the network's own.
  const Linear* head = nullptr;
  /// What classifies pairs of a text's spans (nn/pair_features.h); nullptr: nothing does.
  const PairHead* pairs = nullptr;
  /// The table of token embeddings, V x D, and that of an encoder beside the decoder; nullptr: the
  /// network's own.
  const Weight* embedding = nullptr;
  const Weight* source_embedding = nullptr;

 private:
  std::unordered_map<const Linear*, const LoraGroup*> groups_;
};

/// What the forward pass keeps of an adapter's input for the backward pass.
struct LoraTrace {
  const uint64_t* keys = nullptr;  ///< per row; nullptr: no dropout
  uint64_t salt = 0;
  kernels::KeptBits kept;  ///< the masks, where the fused products serve
  Mat low;                 ///< T x R: x A^T, after dropout
  Mat product;             ///< T x N, of DoRA: what the outputs' scales multiply, after dropout
};

/// W + scale B A for each part, times the columns' scales where it has some, and with the frozen
/// pairs: the weight that an adapted linear has without dropout. weight: N x K, W when called.
void lora_merge(const LoraGroup& lora, MatView<float> weight);

/// x, or x with the elements zero that dropout takes away and the others scaled, in the graph's
/// arena.
ConstMat lora_dropped(Graph& graph, const LoraGroup& lora, const LoraTrace& trace, ConstMat x);
/// dx += what dropout's mask lets through of `through`, scaled.
void lora_add_dropped(const LoraGroup& lora, const LoraTrace& trace, ConstMat through, Mat dx);

/// Whether its products are fused ones, which touch no row but those that they are given.
bool lora_is_fused(const Graph& graph, const LoraGroup& lora);
/// Those fused products without dropout, on the calling thread where it is one of a team's.
/// x: T x K, low: T x R for x A^T, both bf16; y: T x N, gains scale * low B for each part.
void lora_forward_fused(const LoraGroup& lora, ConstMat x, Mat low, Mat y);
/// y += scale * (dropout(x) A^T) B for each part. x: T x K, y: T x N in the compute type or f32.
/// trace: keys and salt are given; kept and low are set, in the graph's arena.
void lora_forward(Graph& graph, const LoraGroup& lora, ConstMat x, Mat y, LoraTrace& trace);
/// Adds the factors' gradients and, where dx has data, the input's. dy is in the compute type.
void lora_backward(Graph& graph, const LoraGroup& lora, const LoraTrace& trace, ConstMat x,
                   ConstMat dy, Mat dx);

}  // namespace relatum::nn
