// Pairs by their definition: sums of words, of what stands between and of a table; their gradient.
#include "nn/pair_features.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/numbers.h"
#include "support/threads.h"
#include "support/tolerance.h"
#include "tensor/buffer.h"

namespace relatum::testing {
namespace {

using nn::PairPlace;

TEST(PairDistance, IsWhoBeginsAndTheBitsOfTheWordsBetween) {
  const auto apart = [](int32_t words) { return PairPlace{{0, 1}, {2 + words, 3 + words}}; };
  const std::pair<int32_t, int64_t> borders[] = {{0, 0},  {1, 1},   {2, 2},   {3, 2},   {4, 3},
                                                 {7, 3},  {8, 4},   {31, 5},  {32, 6},  {63, 6},
                                                 {64, 7}, {127, 7}, {128, 7}, {9999, 7}};
  for (const auto& [words, want] : borders) {
    const PairPlace pair = apart(words);
    EXPECT_EQ(nn::distance_class(pair), want) << words;
    EXPECT_EQ(nn::distance_class({pair.tail, pair.head}), want + nn::kDistances / 2) << words;
  }
  EXPECT_EQ(nn::distance_class({{0, 5}, {2, 3}}), 0) << "nested";
  EXPECT_EQ(nn::distance_class({{2, 3}, {0, 2}}), nn::kDistances / 2) << "crossing";
  EXPECT_EQ(nn::distance_class({{2, 3}, {2, 3}}), 0) << "equal";
}

// Numbers are whole halves, so that many of those between are equal.
template <class T>
class PairSums : public ::testing::Test {
 protected:
  static constexpr int64_t kWords = 9, kHidden = 130, kTypes = 3;
  static constexpr DType kType = DTypeOf<T>::value;

  PairSums() {
    const Rng rng(3, 1);
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = float(2 * rng.uniform(i) - 1);
  }
  Mat play(nn::Graph& graph, nn::Var& x, Mat& y) {
    x = graph.create(kType, kWords, 5 * kHidden, true);
    fill(graph.value(x), 1);
    const nn::Var out = nn::pair_sums(graph, x, table(), kTypes, pairs);
    y = graph.value(out);
    const Mat dy = graph.allocate(kType, y.rows, y.cols);
    fill(dy, 2);
    graph.set_grad(out, dy);
    graph.backward();
    return dy;
  }
  static void fill(Mat to, uint64_t stream) {
    const Rng rng(5, stream);
    for (int64_t r = 0; r < to.rows; ++r) {
      for (int64_t c = 0; c < to.cols; ++c) {
        put(to.as<T>().row(r)[c], std::floor(4 * rng.uniform(uint64_t(r * to.cols + c))) / 2 - 1);
      }
    }
  }
  static double at(Mat m, int64_t r, int64_t c) { return double(to_float(m.as<T>().row(r)[c])); }
  MatView<const float> table() const { return {numbers.data(), kRows, kHidden}; }

  static constexpr int64_t kRows = 2 * kTypes + nn::kDistances + 1;
  // Far apart, tail first, side by side, nested either way, crossing, equal.
  std::vector<PairPlace> pairs{{{0, 1}, {7, 8}, 1, 2}, {{8, 8}, {0, 0}, 0, 0},
                               {{2, 3}, {4, 4}, 2, 1}, {{1, 7}, {3, 4}, 1, 1},
                               {{3, 4}, {1, 7}, 0, 2}, {{1, 4}, {3, 6}, 2, 2},
                               {{5, 5}, {5, 5}, 1, 0}, {{0, 0}, {2, 2}, 1, 2}};
  std::vector<float> numbers = std::vector<float>(size_t(kRows * kHidden));
  std::vector<float> grads = std::vector<float>(size_t(kRows * kHidden), 0.5f);
};

using Types = ::testing::Types<float, bf16>;
TYPED_TEST_SUITE(PairSums, Types);

TYPED_TEST(PairSums, AreThoseOfTheDefinitionAndSoIsTheGradient) {
  constexpr int64_t kColumns = TestFixture::kHidden, kOfTypes = TestFixture::kTypes;
  const nn::WeightGradients trained(this->numbers, this->grads);
  Arena arena;
  nn::Graph graph(arena, TestFixture::kType, true, &trained);
  nn::Var x;
  Mat y;
  const Mat dy = this->play(graph, x, y);
  const Mat in = graph.value(x);
  Matrix<double> dx(in.rows, in.cols), sizes(in.rows, in.cols);
  Matrix<double> dtable(TestFixture::kRows, kColumns), table_sizes(TestFixture::kRows, kColumns);
  for (Matrix<double>* each : {&dx, &sizes, &dtable, &table_sizes}) each->zero();
  for (size_t i = 0; i < this->pairs.size(); ++i) {
    const PairPlace pair = this->pairs[i];
    const bool ordered = pair.head.first <= pair.tail.first;
    const int64_t begin = (ordered ? pair.head : pair.tail).last + 1;
    const int64_t end = (ordered ? pair.tail : pair.head).first;
    std::vector<int64_t> rows{pair.head_type, kOfTypes + pair.tail_type,
                              2 * kOfTypes + nn::distance_class(pair)};
    if (begin >= end) rows.push_back(TestFixture::kRows - 1);
    for (int64_t c = 0; c < kColumns; ++c) {
      std::vector<std::pair<int64_t, int64_t>> places{{pair.head.first, c},
                                                      {pair.head.last, kColumns + c},
                                                      {pair.tail.first, 2 * kColumns + c},
                                                      {pair.tail.last, 3 * kColumns + c}};
      if (begin < end) {
        int64_t best = begin;
        for (int64_t r = end - 1; r >= begin; --r) {
          if (this->at(in, r, 4 * kColumns + c) >= this->at(in, best, 4 * kColumns + c)) best = r;
        }
        places.emplace_back(best, 4 * kColumns + c);
      }
      double sum = 0, size = 0, grad = this->at(dy, int64_t(i), c);
      for (const auto& [r, column] : places) {
        sum += this->at(in, r, column);
        size += std::abs(this->at(in, r, column));
        dx.row(r)[column] += grad;
        sizes.row(r)[column] += std::abs(grad);
      }
      for (const int64_t r : rows) {
        sum += double(this->table().row(r)[c]);
        size += std::abs(double(this->table().row(r)[c]));
        dtable.row(r)[c] += grad;
        table_sizes.row(r)[c] += std::abs(grad);
      }
      EXPECT_NEAR(this->at(y, int64_t(i), c), sum, sum_bound(9, size, TestFixture::kType)) << i;
    }
  }
  const auto terms = int64_t(this->pairs.size());
  for (int64_t r = 0; r < dx.rows(); ++r) {
    for (int64_t c = 0; c < dx.cols(); ++c) {
      EXPECT_NEAR(this->at(graph.grad(x), r, c), dx.row(r)[c],
                  sum_bound(terms, sizes.row(r)[c], TestFixture::kType));
    }
  }
  for (int64_t i = 0; i < dtable.rows() * dtable.cols(); ++i) {  // added to what was there
    EXPECT_NEAR(double(this->grads[size_t(i)]), 0.5 + dtable.row(0)[i],
                sum_bound(terms + 1, 0.5 + table_sizes.row(0)[i]));
  }
}

// Wherever it stands among the words between.
TYPED_TEST(PairSums, WhatIsNoNumberIsNotLeftOut) {
  Arena arena;
  nn::Graph graph(arena, TestFixture::kType, false);
  for (const int64_t word : {1, 3, 5}) {
    const nn::Var x = graph.create(TestFixture::kType, TestFixture::kWords,
                                   5 * TestFixture::kHidden, false);
    TestFixture::fill(graph.value(x), 1);
    put(graph.value(x).as<TypeParam>().row(word)[4 * TestFixture::kHidden],
        std::numeric_limits<double>::quiet_NaN());
    const std::vector<PairPlace> far{{{0, 0}, {6, 6}}};
    const nn::Var y = nn::pair_sums(graph, x, this->table(), TestFixture::kTypes, far);
    EXPECT_TRUE(std::isnan(TestFixture::at(graph.value(y), 0, 0))) << word;
    EXPECT_FALSE(std::isnan(TestFixture::at(graph.value(y), 0, 1))) << word;
  }
}

TYPED_TEST(PairSums, AreTheSameOnOneThreadAndOnTwo) {
  Arena arena, other;
  std::vector<float> again_grads = this->grads;
  const nn::WeightGradients trained(this->numbers, this->grads),
      trained_again(this->numbers, again_grads);
  nn::Graph graph(arena, TestFixture::kType, true, &trained),
      again(other, TestFixture::kType, true, &trained_again);
  nn::Var x, x_again;
  Mat y, y_again;
  {
    const Threads two(2);
    this->play(graph, x, y);
  }
  {
    const Threads one(1);
    this->play(again, x_again, y_again);
  }
  for (const auto& [a, b] :
       {std::pair(y, y_again), std::pair(graph.grad(x), again.grad(x_again))}) {
    for (int64_t r = 0; r < a.rows; ++r) {
      for (int64_t c = 0; c < a.cols; ++c) ASSERT_EQ(this->at(a, r, c), this->at(b, r, c));
    }
  }
  EXPECT_EQ(this->grads, again_grads);
}

}  // namespace
}  // namespace relatum::testing
