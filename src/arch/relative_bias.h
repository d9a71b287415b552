// T5's relative positions: what attention's scores gain by the distance of query and key.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/buffer.h"
#include "tensor/mat.h"

namespace relatum::arch {

/// A value per head and bucket of distances: near ones have a bucket each, further ones share some
/// by logarithm, the last holds all from `farthest` on (Raffel et al. 2019, arXiv 1910.10683).
class RelativeBias {
 public:
  RelativeBias() = default;
  /// values: B x H. both: keys may lie before and behind a query, and halve the buckets.
  RelativeBias(Matrix<float> values, int64_t farthest, bool both);

  /// The bucket of a key `distance` positions before its query (negative: behind it), of B.
  static int64_t bucket(int64_t distance, int64_t buckets, int64_t farthest, bool both);
  int64_t heads() const { return values_.cols(); }
  /// out: H x (2 * reach - 1), as kernels::AttentionShape::bias: column reach - 1 + distance.
  void fill(int64_t reach, MatView<float> out) const;

 private:
  Matrix<float> values_;
  int64_t farthest_ = 0;
  bool both_ = false;
};

}  // namespace relatum::arch
