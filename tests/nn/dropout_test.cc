// A network's own dropout: masks, their share, and gradients through the same mask.
#include "nn/dropout.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "support/tensors.h"

namespace relatum::testing {
namespace {

constexpr int64_t kRows = 40, kCols = 96;
constexpr float kShare = 0.25f;

class Dropped : public ::testing::Test {
 protected:
  Dropped() {
    for (int64_t r = 0; r < kRows; ++r) keys_.push_back(mix64(uint64_t(r) + 7));
  }
  // All ones, so that what is left shows the mask.
  nn::Var ones(nn::Graph& graph) const {
    const nn::Var x = graph.create(DType::kF32, kRows, kCols, true);
    const auto values = graph.value(x).as<float>();
    std::fill(values.data, values.data + values.size(), 1.0f);
    return x;
  }
  static std::vector<float> values_of(Mat x) {
    const auto values = x.as<float>();
    return {values.data, values.data + values.size()};
  }
  nn::Dropout at(uint64_t salt) const { return {keys_, salt, kShare}; }

  std::vector<uint64_t> keys_;
  Arena arena_;
};

TEST_F(Dropped, TakesItsShareAndScalesTheRest) {
  nn::Graph graph(arena_, DType::kF32, true);
  const nn::Var x = ones(graph), other = ones(graph);
  nn::drop(graph, x, at(1));
  nn::drop(graph, other, at(2));
  const auto values = values_of(graph.value(x));
  int64_t gone = 0;
  for (const float value : values) {
    gone += value == 0;
    EXPECT_TRUE(value == 0 || value == 1 / (1 - kShare));
  }
  // Six standard deviations of a binomial count.
  const double count = double(values.size());
  EXPECT_NEAR(double(gone), count * double(kShare), 6 * std::sqrt(count * 0.25 * 0.75));
  EXPECT_NE(values, values_of(graph.value(other)));
}

TEST_F(Dropped, ItsGradientGoesThroughTheMask) {
  nn::Graph graph(arena_, DType::kF32, true);
  const nn::Var x = ones(graph), slopes = ones(graph);
  nn::drop(graph, x, at(1));
  graph.set_grad(x, graph.value(slopes));
  graph.backward();
  EXPECT_EQ(values_of(graph.grad(x)), values_of(graph.value(x)));
}

TEST_F(Dropped, ARowsMaskIsItsKeysAlone) {
  nn::Graph graph(arena_, DType::kF32, true);
  const nn::Var x = ones(graph), y = ones(graph);
  nn::drop(graph, x, at(1));
  std::reverse(keys_.begin(), keys_.end());
  nn::drop(graph, y, at(1));
  const auto first = graph.value(x).as<float>(), last = graph.value(y).as<float>();
  for (int64_t r = 0; r < kRows; ++r) {
    EXPECT_TRUE(std::equal(first.row(r), first.row(r) + kCols, last.row(kRows - 1 - r)));
  }
}

TEST_F(Dropped, BesideAResidualTheResidualIsWhole) {
  nn::Graph graph(arena_, DType::kF32, true);
  const nn::Var mask = ones(graph), x = ones(graph), residual = ones(graph), slopes = ones(graph);
  nn::drop(graph, mask, at(1));
  const auto kept = values_of(graph.value(mask));
  const nn::Var y = nn::drop_residual(graph, x, residual, at(1));
  const auto sum = values_of(graph.value(y));
  for (size_t i = 0; i < sum.size(); ++i) EXPECT_EQ(sum[i], kept[i] + 1);
  graph.set_grad(mask, graph.value(slopes));
  graph.set_grad(y, graph.value(ones(graph)));
  graph.backward();
  EXPECT_EQ(values_of(graph.grad(x)), kept);
  EXPECT_EQ(values_of(graph.grad(residual)), std::vector<float>(kept.size(), 1.0f));
}

TEST_F(Dropped, NoShareTakesNothing) {
  nn::Graph graph(arena_, DType::kF32, true);
  const nn::Var x = ones(graph);
  nn::drop(graph, x, {keys_, 1, 0});
  EXPECT_EQ(values_of(graph.value(x)), std::vector<float>(size_t(kRows * kCols), 1.0f));
}

}  // namespace
}  // namespace relatum::testing
