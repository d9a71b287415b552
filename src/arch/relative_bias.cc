// Buckets of distances.
#include "arch/relative_bias.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace relatum::arch {

RelativeBias::RelativeBias(Matrix<float> values, int64_t farthest, bool both)
    : values_(std::move(values)), farthest_(farthest), both_(both) {}

// In f32, as transformers does: which side of a border a distance falls on depends on it.
int64_t RelativeBias::bucket(int64_t distance, int64_t buckets, int64_t farthest, bool both) {
  int64_t first = 0;
  if (both) {
    buckets /= 2;
    if (distance < 0) first = buckets;
    distance = std::abs(distance);
  }
  distance = std::max<int64_t>(distance, 0);
  const int64_t exact = buckets / 2;
  if (distance < exact) return first + distance;
  const float share = std::log(float(distance) / float(exact)) /
                      float(std::log(double(farthest) / double(exact)));
  const auto further = exact + int64_t(share * float(buckets - exact));
  return first + std::min(further, buckets - 1);
}

void RelativeBias::fill(int64_t reach, MatView<float> out) const {
  RELATUM_CHECK(out.rows == heads() && out.cols == 2 * reach - 1);
  for (int64_t i = 0; i < out.cols; ++i) {
    const float* row = values_.row(bucket(i - (reach - 1), values_.rows(), farthest_, both_));
    for (int64_t h = 0; h < out.rows; ++h) out.row(h)[i] = row[h];
  }
}

}  // namespace relatum::arch
