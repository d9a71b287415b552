// Holds the gradient of attention's bias by distance to sums in double, whatever the threads.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/rng.h"
#include "kernels/attention.h"
#include "support/threads.h"
#include "support/tolerance.h"
#include "tensor/buffer.h"

namespace relatum::testing {
namespace {

using namespace kernels;

constexpr int64_t kHeads = 4, kKvHeads = 2, kSize = 12, kTokens = 36, kReach = 30;

Matrix<float> random(int64_t rows, int64_t cols, uint64_t stream) {
  Matrix<float> result(rows, cols);
  const Rng rng(4, stream);
  for (int64_t i = 0; i < rows * cols; ++i) {
    result.row(0)[i] = float(2 * rng.uniform(uint64_t(i)) - 1);
  }
  return result;
}

// A trunk (rows 0-19) with two branches, and a tree of its own.
struct Problem {
  explicit Problem(bool causally) : causal(causally) {
    for (int32_t i = 0; i < kTokens; ++i) {
      positions[size_t(i)] = i < 26 ? i : i < 29 ? i - 6 : i - 29;
    }
    std::vector<float> scratch(size_t(attention_scratch_size(plan(), shape, false)));
    attention(plan(), shape, tensors(), scratch.data());
  }
  AttentionPlan plan() const { return {groups, spans, causal, positions}; }
  AttentionTensors tensors() {
    return {q.view(), k.view(), v.view(), {}, {}, out.view(), lse.data()};
  }
  Matrix<float> gradient() {
    Matrix<float> result(kHeads, 2 * kReach - 1);
    result.zero();
    attention_bias_gradient(plan(), shape, tensors(), dout.view(), result.view());
    return result;
  }

  bool causal;
  std::vector<AttentionSpan> spans{{0, 20, false}, {0, 20, false}, {20, 6, false},
                                   {0, 20, false}, {26, 3, false}, {29, 7, false}};
  std::vector<AttentionGroup> groups{
      {0, 20, 0, 1, 0}, {20, 6, 1, 2, 0}, {26, 3, 3, 2, 0}, {29, 7, 5, 1, 29}};
  std::vector<int32_t> positions = std::vector<int32_t>(size_t(kTokens));
  Matrix<float> q = random(kTokens, kHeads*kSize, 1), k = random(kTokens, kKvHeads*kSize, 2),
                v = random(kTokens, kKvHeads*kSize, 3), dout = random(kTokens, kHeads*kSize, 4),
                bias = random(kHeads, 2 * kReach - 1, 5), out{kTokens, kHeads*kSize};
  std::vector<float> lse = std::vector<float>(size_t(kTokens * kHeads));
  AttentionShape shape{kHeads, kKvHeads, kSize, 0.5f, 0, bias.view()};
};

double dot(const float* a, const float* b, double& magnitude) {
  double sum = 0;
  magnitude = 0;
  for (int64_t d = 0; d < kSize; ++d) {
    sum += double(a[d]) * double(b[d]);
    magnitude += std::abs(double(a[d]) * double(b[d]));
  }
  return sum;
}

// The sums by distance in double, and what the roundings of each are in proportion to.
struct Sums {
  std::vector<double> sum = std::vector<double>(2 * kReach - 1), magnitude = sum;

  void add_query(const Problem& p, const AttentionGroup& group, int64_t own, int64_t head) {
    const int64_t row = group.begin + own, at = head * kSize;
    const int64_t key_at = head / (kHeads / kKvHeads) * kSize;
    std::vector<double> weights, values, sizes;
    double total = 0, delta = 0, unused = 0;
    for (int64_t s = 0; s < group.span_count; ++s) {
      const AttentionSpan& span = p.spans[size_t(group.first_span + s)];
      const bool last = s + 1 == group.span_count && p.causal;
      for (int64_t j = 0; j < (last ? own + 1 : span.count); ++j) {
        const float* key = p.k.row(span.begin + j) + key_at;
        const float* value = p.v.row(span.begin + j) + key_at;
        const int64_t distance = p.positions[size_t(row)] - int64_t(weights.size());
        const double score = 0.5 * dot(p.q.row(row) + at, key, unused) +
                             double(p.bias.row(head)[kReach - 1 + distance]);
        weights.push_back(std::exp(score));
        total += weights.back();
        values.push_back(dot(p.dout.row(row) + at, value, unused));
        sizes.push_back(unused);
      }
    }
    double delta_size = 0;
    for (size_t j = 0; j < weights.size(); ++j) {
      delta += weights[j] / total * values[j];
      delta_size += weights[j] / total * sizes[j];
    }
    for (size_t j = 0; j < weights.size(); ++j) {
      const size_t place = size_t(kReach - 1 + p.positions[size_t(row)] - int64_t(j));
      sum[place] += weights[j] / total * (values[j] - delta);
      magnitude[place] += weights[j] / total * (sizes[j] + delta_size);
    }
  }
};

class BiasGradient : public ::testing::TestWithParam<bool> {};

TEST_P(BiasGradient, IsTheSumOfScoreGradientsByDistance) {
  Problem problem(GetParam());
  const Matrix<float> got = problem.gradient();
  for (int64_t head = 0; head < kHeads; ++head) {
    Sums want;
    for (const AttentionGroup& group : problem.groups) {
      for (int64_t i = 0; i < group.count; ++i) want.add_query(problem, group, i, head);
    }
    for (int64_t i = 0; i < got.cols(); ++i) {
      // A score's error, of kSize products of at most 1, is one of its exponential.
      const double slack = rounding_bound(4 * kSize * kSize + kTokens) * want.magnitude[size_t(i)];
      EXPECT_NEAR(double(got.row(head)[i]), want.sum[size_t(i)], slack) << head << " " << i;
    }
  }
}

TEST_P(BiasGradient, ThreadsChangeNoBit) {
  Problem problem(GetParam());
  std::vector<Matrix<float>> got;
  for (const int threads : {1, 2, 3}) {
    const Threads limit(threads);
    got.push_back(problem.gradient());
  }
  for (const Matrix<float>& each : got) {
    EXPECT_EQ(std::memcmp(each.row(0), got[0].row(0), size_t(each.view().size()) * 4), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, BiasGradient, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "causal" : "both"; });

}  // namespace
}  // namespace relatum::testing
