// Norms of heads and norms before the residual: values, gradients, and what happens in place.
#include "nn/head_norm.h"

#include <gtest/gtest.h>

#include "base/parallel_for.h"
#include "kernels/ref/norms.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;
using nn::Var;

constexpr int64_t kRows = 5, kHeads = 3, kKeyHeads = 2, kSize = 12;
constexpr int64_t kNormed = (kHeads + kKeyHeads) * kSize, kCols = kNormed + kKeyHeads * kSize;
constexpr float kEpsilon = 0x1p-17f, kShift = 1.0f;

template <class T>
Var input(nn::Graph& graph, Gapped<T>& values, bool differentiable = true) {
  const Var v = graph.create(DTypeOf<T>::value, values.rows(), values.cols(), differentiable);
  for (int64_t r = 0; r < values.rows(); ++r) {
    std::copy_n(&values.at(r, 0), values.cols(), graph.value(v).template as<T>().row(r));
  }
  return v;
}

template <class T>
Gapped<T> gapped(Mat values) {
  Gapped<T> result(values.rows, values.cols);
  for (int64_t r = 0; r < values.rows; ++r) {
    std::copy_n(values.as<T>().row(r), values.cols, &result.at(r, 0));
  }
  return result;
}

// Weights in one array, so that a graph may train them, and as the norm multiplies by them.
class Weights {
 public:
  explicit Weights(int64_t count)
      : stored_(Gapped<float>::random(1, count, 2, 1, 0)), gradients_(size_t(count), 0.0f) {}
  const float* at(int64_t begin) { return &stored_.at(0, begin); }
  std::vector<Running> shifted(int64_t begin, int64_t count) const {
    std::vector<Running> result;
    for (int64_t i = 0; i < count; ++i) {
      result.push_back(Running(stored_.get(0, begin + i)) + Running(double(kShift)));
    }
    return result;
  }
  nn::WeightGradients trained() {
    return {{at(0), gradients_.size()}, {gradients_.data(), gradients_.size()}};
  }
  const std::vector<float>& gradients() const { return gradients_; }

 private:
  Gapped<float> stored_;
  std::vector<float> gradients_;
};

template <class T>
class HeadNorm : public ::testing::Test {
 protected:
  ~HeadNorm() override { set_thread_count(threads_); }
  nn::HeadNorms norms() {
    return {
        {weights_.at(0), kShift}, {weights_.at(kSize), kShift}, kHeads, kKeyHeads, kSize, kEpsilon};
  }
  static int64_t weight_of(int64_t column) { return column < kHeads * kSize ? 0 : kSize; }

  int threads_ = thread_count();
  Weights weights_{2 * kSize};
  Gapped<T> x_ = Gapped<T>::random(kRows, kCols, 1), dy_ = Gapped<T>::random(kRows, kCols, 3);
  Arena arena_;
};
using Types = ::testing::Types<float, bf16>;
TYPED_TEST_SUITE(HeadNorm, Types);

TYPED_TEST(HeadNorm, ValuesAndGradients) {
  using T = TypeParam;
  const nn::WeightGradients trained = this->weights_.trained();
  nn::Graph graph(this->arena_, DTypeOf<T>::value, true, &trained);
  const Var in = input(graph, this->x_), y = nn::norm_heads(graph, in, this->norms());
  const Var dy = input(graph, this->dy_);
  graph.set_grad(y, graph.value(dy));
  graph.backward();
  const auto got = gapped<T>(graph.value(y)), dx = gapped<T>(graph.grad(in));
  std::vector<ref::Sum<Running>> sums(2 * kSize);
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t c = 0; c < kNormed; c += kSize) {
      const auto head = this->x_.template row<Running>(r, c, kSize),
                 slope = this->dy_.template row<Running>(r, c, kSize),
                 weight = this->weights_.shifted(this->weight_of(c), kSize);
      const Running scale = ref::rms_scale(head, double(kEpsilon));
      expect_row_close(got, r, c, ref::rmsnorm(head, weight, double(kEpsilon)), "y");
      expect_row_close(dx, r, c, ref::rmsnorm_backward(slope, head, weight, scale), "dx");
      for (int64_t i = 0; i < kSize; ++i) {
        sums[size_t(this->weight_of(c) + i)].add(slope[size_t(i)] * head[size_t(i)] * scale);
      }
    }
    EXPECT_EQ(got.row(r, kNormed), this->x_.row(r, kNormed)) << "values stay";
    EXPECT_EQ(dx.row(r, kNormed), this->dy_.row(r, kNormed)) << "and so does their gradient";
  }
  for (int64_t i = 0; i < 2 * kSize; ++i) {
    expect_close<float>(double(this->weights_.gradients()[size_t(i)]), sums[size_t(i)].total(),
                        "dw " + std::to_string(i));
  }
}

TYPED_TEST(HeadNorm, WithoutATapeItIsDoneInPlaceWithTheSameBits) {
  using T = TypeParam;
  nn::Graph taped(this->arena_, DTypeOf<T>::value, true),
      plain(this->arena_, DTypeOf<T>::value, false);
  set_thread_count(1);
  const Var kept = input(taped, this->x_), in = input(plain, this->x_);
  const Var want = nn::norm_heads(taped, kept, this->norms());
  set_thread_count(2);
  const Var got = nn::norm_heads(plain, in, this->norms());
  EXPECT_TRUE(got == in);
  EXPECT_FALSE(want == kept);
  for (int64_t r = 0; r < kRows; ++r) {
    EXPECT_EQ(gapped<T>(plain.value(got)).row(r), gapped<T>(taped.value(want)).row(r));
    EXPECT_EQ(gapped<T>(taped.value(kept)).row(r), this->x_.row(r)) << "read by the backward pass";
  }
}

TEST(NormResidual, ValuesAndGradients) {
  constexpr int64_t kWidth = 21;
  Weights weights(kWidth);
  auto x = Gapped<float>::random(kRows, kWidth, 1), dy = Gapped<float>::random(kRows, kWidth, 3),
       residual = Gapped<float>::random(kRows, kWidth, 4);
  const nn::WeightGradients trained = weights.trained();
  Arena arena;
  nn::Graph graph(arena, DType::kF32, true, &trained);
  const Var in = input(graph, x), beside = input(graph, residual);
  const Var y = nn::rmsnorm_residual(graph, in, {weights.at(0), kShift}, kEpsilon, beside);
  graph.set_grad(y, graph.value(input(graph, dy)));
  graph.backward();
  const auto got = gapped<float>(graph.value(y)), dx = gapped<float>(graph.grad(in)),
             handed = gapped<float>(graph.grad(beside));
  const auto weight = weights.shifted(0, kWidth);
  std::vector<ref::Sum<Running>> sums(kWidth);
  for (int64_t r = 0; r < kRows; ++r) {
    const auto row = x.row<Running>(r), slope = dy.row<Running>(r);
    const Running scale = ref::rms_scale(row, double(kEpsilon));
    auto want = ref::rmsnorm(row, weight, double(kEpsilon));
    for (int64_t i = 0; i < kWidth; ++i) {
      want[size_t(i)] += Running(residual.get(r, i));
      sums[size_t(i)].add(slope[size_t(i)] * row[size_t(i)] * scale);
    }
    expect_row_close(got, r, 0, want, "y");
    expect_row_close(dx, r, 0, ref::rmsnorm_backward(slope, row, weight, scale), "dx");
    EXPECT_EQ(handed.row(r), dy.row(r));
  }
  for (int64_t i = 0; i < kWidth; ++i) {
    expect_close<float>(double(weights.gradients()[size_t(i)]), sums[size_t(i)].total(), "dw");
  }
}

}  // namespace
}  // namespace relatum::testing
