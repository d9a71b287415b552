// Grouped-query attention over a batch whose rows may share prefixes.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/mat.h"

namespace relatum::kernels {

/// A stretch of keys that a group of queries sees: rows [begin, begin + count) of the batch's own
/// keys, or of the cache.
struct AttentionSpan {
  int64_t begin = 0, count = 0;
  bool cached = false;
};

/// Queries [begin, begin + count) of the batch and what they see, in order of position. With
/// causal attention the last span is the queries' own rows. Groups of one `root` share ancestors.
struct AttentionGroup {
  int64_t begin = 0, count = 0;
  int64_t first_span = 0, span_count = 0;
  int64_t root = 0;
  /// count x count bytes, own row i sees own row j; nullptr: causal (or all, see the plan).
  const uint8_t* mask = nullptr;
};

struct AttentionPlan {
  std::span<const AttentionGroup> groups;  ///< sorted by root
  std::span<const AttentionSpan> spans;
  bool causal = true;
  /// Of the batch's tokens; read where there is a window or a bias.
  std::span<const int32_t> positions;
};

struct AttentionShape {
  int64_t heads = 0, kv_heads = 0, head_size = 0;
  float scale = 1.0f;
  /// A query sees its own position and window - 1 before it; 0: all before it. For causal plans
  /// whose context begins at position 0.
  int64_t window = 0;
  /// H x (2 * reach - 1): what head h adds to the score of a key d positions before its query, at
  /// column reach - 1 + d; d is negative for later keys, and |d| < reach. No data: nothing.
  MatView<const float> bias;

  int64_t reach() const { return (bias.cols + 1) / 2; }
};

struct AttentionTensors {
  ConstMat q, k, v;           ///< T x H*K, S x G*K, S x G*K; S is T where the batch sees itself
  ConstMat cache_k, cache_v;  ///< (G * rows) x K, each head's rows together, or empty
  Mat out;                    ///< T x H*K: written forward, read backward
  float* lse = nullptr;       ///< T x H log-sum-exp: written forward, read backward
};

/// out = softmax(scale * q·k^T) · v per head; scratch: see below.
void attention(const AttentionPlan& plan, const AttentionShape& shape, const AttentionTensors& x,
               float* scratch);

struct AttentionGradients {
  ConstMat dout;          ///< T x H*K, read
  Mat dq;                 ///< T x H*K, written
  MatView<float> dk, dv;  ///< S x G*K f32, zeroed by the caller, added to
};
/// Gradients from dout, the saved out and lse. The plan may not use a cache.
/// Bit-equal from run to run at the same plan, whatever the threads' number and timing.
void attention_backward(const AttentionPlan& plan, const AttentionShape& shape,
                        const AttentionTensors& x, const AttentionGradients& grad, float* scratch);

/// Adds to dbias, laid out as shape.bias, the gradient of that bias: the sums of the scores'
/// gradients by distance, always in one order. The plan may use neither a cache nor masks, the
/// shape no window.
void attention_bias_gradient(const AttentionPlan& plan, const AttentionShape& shape,
                             const AttentionTensors& x, ConstMat dout, MatView<float> dbias);

/// Floats of scratch for a plan on the current number of threads.
int64_t attention_scratch_size(const AttentionPlan& plan, const AttentionShape& shape,
                               bool backward);

}  // namespace relatum::kernels
