// Sums in double, so that the order of additions does not show.
#include "retrieve/pooling.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace relatum::retrieve {
namespace {

struct Names {
  Pooling pooling;
  std::string_view now, older;
};

constexpr std::array<Names, 6> kNames = {{
    {Pooling::kCls, "cls", "cls_token"},
    {Pooling::kMax, "max", "max_tokens"},
    {Pooling::kMean, "mean", "mean_tokens"},
    {Pooling::kMeanSqrtLength, "mean_sqrt_len_tokens", "mean_sqrt_len_tokens"},
    {Pooling::kWeightedMean, "weightedmean", "weightedmean_tokens"},
    {Pooling::kLastToken, "lasttoken", "lasttoken"},
}};

void add_row(const float* row, double weight, std::span<double> out) {
  for (size_t i = 0; i < out.size(); ++i) out[i] += weight * double(row[i]);
}

}  // namespace

std::optional<Pooling> find_pooling(std::string_view name) {
  for (const Names& entry : kNames) {
    if (name == entry.now || name == entry.older) return entry.pooling;
  }
  return std::nullopt;
}

std::string_view name_of(Pooling pooling) { return kNames[size_t(pooling)].now; }

std::string pooling_names() {
  std::string names;
  for (const Names& entry : kNames) {
    names += (names.empty() ? "" : ", ") + std::string(entry.now);
  }
  return names;
}

void pool(Pooling pooling, MatView<const float> states, std::span<double> out) {
  RELATUM_CHECK(states.rows > 0 && states.cols == int64_t(out.size()));
  const int64_t last = states.rows - 1;
  std::fill(out.begin(), out.end(), 0.0);
  if (pooling == Pooling::kCls) return add_row(states.row(0), 1, out);
  if (pooling == Pooling::kLastToken) return add_row(states.row(last), 1, out);
  if (pooling == Pooling::kMax) {
    add_row(states.row(0), 1, out);
    for (int64_t t = 1; t <= last; ++t) {
      for (size_t i = 0; i < out.size(); ++i) out[i] = std::max(out[i], double(states.row(t)[i]));
    }
    return;
  }
  double weights = 0;
  for (int64_t t = 0; t <= last; ++t) {
    const double weight = pooling == Pooling::kWeightedMean ? double(t + 1) : 1.0;
    add_row(states.row(t), weight, out);
    weights += weight;
  }
  if (pooling == Pooling::kMeanSqrtLength) weights = std::sqrt(weights);
  for (double& value : out) value /= weights;
}

}  // namespace relatum::retrieve
