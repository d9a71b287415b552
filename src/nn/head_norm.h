// RMSNorm of each head's queries and keys, before they are rotated.
#pragma once

#include <cstdint>

#include "nn/norm.h"

namespace relatum::nn {

/// H heads and G key heads of size K, and the norms' weights, K each.
struct HeadNorms {
  NormWeight queries, keys;
  int64_t heads = 0, kv_heads = 0, head_size = 0;
  float epsilon = 0;
};

/// y = qkv with each head of queries and keys x become x / rms(x) * weight; values stay as they
/// are. qkv, y: T x (H + 2G)K in the compute type. Without a backward pass it is done in place.
/// backward: as rmsnorm(), head by head; the weights' gradients are sums over rows and heads.
Var norm_heads(Graph& graph, Var qkv, const HeadNorms& norms);

}  // namespace relatum::nn
