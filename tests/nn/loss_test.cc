// Holds the head's loss, in chunks or not, to the twin, and its gradient to the product.
#include "nn/loss.h"

#include <gtest/gtest.h>

#include "kernels/ref/gemm.h"
#include "kernels/ref/softmax.h"
#include "quant/format.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using kernels::ref::Rows;

constexpr int64_t kWidth = 8;

// A head of `vocabulary` rows, rows of states, and targets.
struct Problem {
  Problem(int64_t rows, int64_t vocabulary)
      : weight(Gapped<float>::random(vocabulary, kWidth, 1, 2, 0)),
        x(Gapped<float>::random(rows, kWidth, 2, 2, 0)),
        head({{"lm_head", quant::encode("f32", "lm_head", weight.view())}}) {
    head.prepare(DType::kF32, true);
    for (int64_t r = 0; r < rows; ++r) targets.push_back(int32_t((r * 7919) % vocabulary));
  }
  // Loss of rows [begin, begin + count); dx is written where it is asked for.
  nn::LossSum loss(int64_t begin, int64_t count, float* dx, std::span<const float> weights = {}) {
    Arena arena;
    nn::Graph graph(arena, DType::kF32, dx != nullptr);
    const nn::Var in = graph.create(DType::kF32, count, kWidth, true);
    const size_t bytes = size_t(count * kWidth) * sizeof(float);
    std::memcpy(graph.value(in).data, x.view().row(begin), bytes);
    const auto part = std::span(targets).subspan(size_t(begin), size_t(count));
    const nn::LossSum sum = nn::head_cross_entropy(graph, head, in, part, weights);
    if (dx) std::memcpy(dx, graph.grad(in).data, bytes);
    return sum;
  }
  std::vector<Running> logits(int64_t row) const {
    std::vector<Running> result;
    for (int64_t v = 0; v < weight.rows(); ++v) {
      result.push_back(kernels::ref::dot(x.row<Running>(row), weight.row<Running>(v)));
    }
    return result;
  }
  Gapped<float> weight, x;
  nn::Linear head;
  std::vector<int32_t> targets;
};

TEST(Loss, IsTheTwinsWithItsGradient) {
  Problem p(5, 33);
  std::vector<float> dx(5 * kWidth);
  const nn::LossSum loss = p.loss(0, 5, dx.data());
  EXPECT_EQ(loss.count, 5);
  Running want;
  for (int64_t r = 0; r < 5; ++r) {
    const auto logits = p.logits(r);
    want += kernels::ref::cross_entropy(logits, p.targets[size_t(r)]);
    const auto d = kernels::ref::cross_entropy_backward(logits, p.targets[size_t(r)]);
    for (int64_t c = 0; c < kWidth; ++c) {
      kernels::ref::Sum<Running> sum;
      for (int64_t v = 0; v < 33; ++v) sum.add(d[size_t(v)] * Running(p.weight.get(v, c)));
      expect_close<float>(double(dx[size_t(r * kWidth + c)]), sum.total(), "dx");
    }
  }
  expect_close<float>(loss.sum, want, "loss");
}

TEST(Loss, WithoutATapeItIsTheSame) {
  Problem p(5, 33);
  std::vector<float> dx(5 * kWidth);
  const double taped = p.loss(0, 5, dx.data()).sum, plain = p.loss(0, 5, nullptr).sum;
  Running bound;
  for (int64_t r = 0; r < 5; ++r) {
    bound += kernels::ref::cross_entropy(p.logits(r), p.targets[size_t(r)]);
  }
  EXPECT_NEAR(taped, plain, 2 * bound.error);
}

// With four times SmolLM2's vocabulary a chunk is 64 rows: 130 rows need three chunks.
TEST(Loss, ChunksAddUpWhereverTheyAreCut) {
  constexpr int64_t kVocabulary = 4 * 49152, kRows = 130;
  Problem p(kRows, kVocabulary);
  std::vector<float> together(kRows * kWidth), alone(together);
  const nn::LossSum loss = p.loss(0, kRows, together.data());
  nn::LossSum sum;
  for (int64_t r = 0; r < kRows; r += 26) {
    const nn::LossSum one = p.loss(r, 26, alone.data() + r * kWidth);
    sum.sum += one.sum;
    sum.count += one.count;
  }
  EXPECT_EQ(loss.count, sum.count);
  // Products of other numbers of rows may add in another order.
  EXPECT_NEAR(loss.sum, sum.sum, rounding_bound(2 * kWidth) * sum.sum);
  double difference = 0, norm = 0;
  for (size_t i = 0; i < alone.size(); ++i) {
    difference += std::pow(double(together[i]) - double(alone[i]), 2);
    norm += std::pow(double(alone[i]), 2);
  }
  EXPECT_LE(std::sqrt(difference / norm), network_bound(2, kVocabulary));
}

TEST(Loss, LogitsComeInOrderAndOnce) {
  constexpr int64_t kVocabulary = int64_t{1} << 20;
  constexpr int64_t kRows = 26;
  Problem p(kRows, kVocabulary);
  Arena arena;
  nn::Graph graph(arena, DType::kF32, false);
  int64_t next = 0, calls = 0;
  nn::for_each_logits(graph, p.head, p.x.view(), [&](int64_t first, MatView<const float> part) {
    EXPECT_EQ(first, next);
    EXPECT_EQ(part.cols, kVocabulary);
    for (int64_t r = 0; r < part.rows; ++r) {
      const auto want = kernels::ref::dot(p.x.row<Running>(first + r), p.weight.row<Running>(77));
      expect_close<float>(double(part.row(r)[77]), want, "logit");
    }
    next += part.rows;
    ++calls;
  });
  EXPECT_EQ(next, kRows);
  EXPECT_GT(calls, 1);
}

// The loss is linear in the weights: a row's loss and its own gradient are multiplied by its one.
// Each number of dx is a sum of 33 products of f32 numbers, one of which is weighted in each.
TEST(Loss, AWeightMultipliesARowsLossAndGradient) {
  Problem p(5, 33);
  std::vector<float> plain(5 * kWidth), weighted(plain);
  p.loss(0, 5, plain.data());
  const std::vector<float> weights{2, 0.25f, 1, 3, 0.7f};
  const nn::LossSum got = p.loss(0, 5, weighted.data(), weights);
  double want = 0, sum = 0;
  for (int64_t r = 0; r < 5; ++r) {
    const double weight = double(weights[size_t(r)]);
    want += weight * p.loss(r, 1, nullptr).sum;
    sum += weight;
    double difference = 0, norm = 0;
    for (int64_t c = 0; c < kWidth; ++c) {
      const size_t at = size_t(r * kWidth + c);
      difference += std::pow(double(weighted[at]) - weight * double(plain[at]), 2);
      norm += std::pow(weight * double(plain[at]), 2);
    }
    EXPECT_LE(std::sqrt(difference / norm), network_bound(2, 33)) << r;
  }
  EXPECT_NEAR(got.sum, want, rounding_bound(2 * kWidth) * want);
  EXPECT_DOUBLE_EQ(got.weight, sum);
  EXPECT_EQ(got.count, 5);
  EXPECT_DOUBLE_EQ(p.loss(0, 5, nullptr).weight, 5.0);
  EXPECT_NEAR(p.loss(0, 5, nullptr, weights).sum, want, rounding_bound(2 * kWidth) * want);
}

TEST(Loss, NoRowsCostNothing) {
  Problem p(1, 9);
  Arena arena;
  nn::Graph graph(arena, DType::kF32, true);
  const nn::Var none = graph.create(DType::kF32, 0, kWidth, true);
  const nn::LossSum loss = nn::head_cross_entropy(graph, p.head, none, {});
  EXPECT_EQ(loss.sum, 0.0);
  EXPECT_EQ(loss.count, 0);
}

}  // namespace
}  // namespace relatum::testing
