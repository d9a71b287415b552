// Buckets of distances.
#include "arch/relative_bias.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "quant/format.h"
#include "tensor/values.h"

namespace relatum::arch {

RelativeBias::RelativeBias(Weight values, int64_t farthest, bool both)
    : values_(std::move(values)), farthest_(farthest), both_(both) {}

RelativeBias RelativeBias::load(const ModelFiles& files, const TensorName& name, int64_t buckets,
                                int64_t heads, int64_t farthest, bool both) {
  const Weight stored = files.weight(name, buckets, heads);
  std::vector<float> values(size_t(stored.size()));
  quant::decode_rows(stored, 0, {values.data(), stored.rows, stored.cols});
  return {weight_of(name.hugging_face, std::move(values), stored.rows), farthest, both};
}

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

MatView<const float> RelativeBias::filled(int64_t reach, Arena& arena) const {
  const int64_t cols = 2 * reach - 1;
  const MatView<float> out(arena.allocate_array<float>(heads() * cols), heads(), cols);
  const float* values = values_of(values_);
  for (int64_t i = 0; i < cols; ++i) {
    const float* row = values + bucket_at(i, reach) * heads();
    for (int64_t h = 0; h < out.rows; ++h) out.row(h)[i] = row[h];
  }
  return out;
}

int64_t RelativeBias::bucket_at(int64_t column, int64_t reach) const {
  return bucket(column - (reach - 1), values_.rows, farthest_, both_);
}

struct RelativeBias::Record {
  const RelativeBias* bias;
  MatView<float> by_distance;
  float* values_grad;

  void backward(nn::Graph&) const {
    const int64_t reach = (by_distance.cols + 1) / 2;
    for (int64_t i = 0; i < by_distance.cols; ++i) {
      float* row = values_grad + bias->bucket_at(i, reach) * bias->heads();
      for (int64_t h = 0; h < by_distance.rows; ++h) row[h] += by_distance.row(h)[i];
    }
  }
};

MatView<float> RelativeBias::gradient(nn::Graph& graph, int64_t reach) const {
  float* grad = graph.gradient_of(values_of(values_));
  if (!grad) return {};
  const int64_t cols = 2 * reach - 1;
  const MatView<float> sums(graph.arena().allocate_array<float>(heads() * cols), heads(), cols);
  std::fill(sums.data, sums.data + sums.size(), 0.0f);
  graph.record(Record{this, sums, grad});
  return sums;
}

}  // namespace relatum::arch
