// Attention over fused projections, with rotary positions where the model has them.
#pragma once

#include <cstdint>

#include "kernels/attention.h"
#include "nn/batch.h"
#include "nn/cache.h"
#include "nn/graph.h"

namespace relatum::nn {

struct AttentionSettings {
  kernels::AttentionShape shape;  ///< heads H, key heads G, head size K, scale
  MatView<const float> rope;      ///< T x K (cosines, sines), until backward; no data: no rotation
  int64_t layer = 0;              ///< of the cache
  CacheUse cache;
  /// H x (2 * reach - 1), zeroed before the first pass back: the gradient of the shape's bias is
  /// added to it; no data: the bias is frozen.
  MatView<float> bias_grad{};
};

/// qkv: T x (H + 2G)K, rotated in place; y: T x HK = softmax(scale q k^T) v over what the batch's
/// structure lets each token see. Writes keys and values to the cache where asked to.
Var attention(Graph& graph, Var qkv, const TokenBatch& batch, const AttentionSettings& settings);
/// q: T x HK; kv: S x 2GK, keys and values of the batch's sources, or invalid where all that its
/// trees read are cached; y: T x HK over the source that each token's tree reads.
Var cross_attention(Graph& graph, Var q, Var kv, const TokenBatch& batch,
                    const AttentionSettings& settings);

}  // namespace relatum::nn
