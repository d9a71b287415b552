// T5's relative positions: what attention's scores gain by the distance of query and key.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/model_files.h"
#include "base/arena.h"
#include "nn/graph.h"
#include "tensor/mat.h"
#include "tensor/weight.h"

namespace relatum::arch {

/// A value per head and bucket of distances: near ones have a bucket each, further ones share some
/// by logarithm, the last holds all from `farthest` on (Raffel et al. 2019, arXiv 1910.10683).
class RelativeBias {
 public:
  RelativeBias() = default;
  /// values: B x H, of our own memory. both: keys may lie before and behind a query, and halve the
  /// buckets.
  RelativeBias(Weight values, int64_t farthest, bool both);
  /// The same of a stored tensor: `buckets` x `heads` values, of which this keeps a copy in f32.
  static RelativeBias load(const ModelFiles& files, const TensorName& name, int64_t buckets,
                           int64_t heads, int64_t farthest, bool both);

  /// The bucket of a key `distance` positions before its query (negative: behind it), of B.
  static int64_t bucket(int64_t distance, int64_t buckets, int64_t farthest, bool both);
  int64_t heads() const { return values_.cols; }
  /// To change where the values lie.
  Weight& values() { return values_; }
  int64_t size() const { return values_.size(); }
  /// H x (2 * reach - 1), in the arena, as kernels::AttentionShape::bias: column reach - 1 +
  /// distance.
  MatView<const float> filled(int64_t reach, Arena& arena) const;
  /// Zeros of that shape, in the arena, for what the layers of a pass back add by distance; once
  /// they are done, buckets add theirs to the values' gradient. To be called before the layers. No
  /// data where the graph does not train the values.
  MatView<float> gradient(nn::Graph& graph, int64_t reach) const;

 private:
  struct Record;
  int64_t bucket_at(int64_t column, int64_t reach) const;
  Weight values_;
  int64_t farthest_ = 0;
  bool both_ = false;
};

}  // namespace relatum::arch
