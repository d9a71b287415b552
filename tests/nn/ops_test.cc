// Holds the recorded ops to the twins: values, gradients, and gradients that add up.
#include <gtest/gtest.h>

#include "kernels/ref/activations.h"
#include "kernels/ref/norms.h"
#include "nn/activation.h"
#include "nn/norm.h"
#include "nn/take_rows.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;
using nn::Graph;
using nn::Var;

constexpr int64_t kRows = 5, kCols = 21;
constexpr float kEpsilon = 0x1p-17f;

template <class T>
void copy_into(Gapped<T>& from, Mat to) {
  for (int64_t r = 0; r < to.rows; ++r) {
    for (int64_t c = 0; c < to.cols; ++c) put(to.as<T>().row(r)[c], from.get(r, c));
  }
}

// A differentiable input of a recording graph, and what must come back to it.
class Ops : public ::testing::Test {
 protected:
  template <class T>
  Var input(Gapped<T>& values) {
    const Var v = graph_.create(DTypeOf<T>::value, values.rows(), values.cols(), true);
    copy_into(values, graph_.value(v));
    return v;
  }
  // Sets y's gradient and plays the tape.
  template <class T>
  void play(Var y, Gapped<T>& dy) {
    const Mat grad = graph_.allocate(DTypeOf<T>::value, dy.rows(), dy.cols());
    copy_into(dy, grad);
    graph_.set_grad(y, grad);
    graph_.backward();
  }
  template <class T>
  void expect(Mat got, int64_t row, const std::vector<Running>& want, const std::string& what) {
    for (size_t i = 0; i < want.size(); ++i) {
      expect_close<T>(double(to_float(got.as<T>().row(row)[i])), want[i], what);
    }
  }
  Arena arena_;
  Graph graph_{arena_, DType::kF32, true};
};

TEST_F(Ops, RmsNorm) {
  auto x = Gapped<float>::random(kRows, kCols, 1), w = Gapped<float>::random(1, kCols, 2),
       dy = Gapped<float>::random(kRows, kCols, 3);
  const Var in = input(x), y = nn::rmsnorm(graph_, in, w.view().data, kEpsilon);
  play(y, dy);
  for (int64_t r = 0; r < kRows; ++r) {
    const auto at = x.row<Running>(r), weight = w.row<Running>(0);
    expect<float>(graph_.value(y), r, ref::rmsnorm(at, weight, double(kEpsilon)), "y");
    expect<float>(
        graph_.grad(in), r,
        ref::rmsnorm_backward(dy.row<Running>(r), at, weight, ref::rms_scale(at, double(kEpsilon))),
        "dx");
  }
}

TEST_F(Ops, LayerNorm) {
  auto x = Gapped<float>::random(kRows, kCols, 1), w = Gapped<float>::random(1, kCols, 2),
       b = Gapped<float>::random(1, kCols, 4), dy = Gapped<float>::random(kRows, kCols, 3);
  const Var in = input(x), y = nn::layernorm(graph_, in, w.view().data, b.view().data, kEpsilon);
  play(y, dy);
  for (int64_t r = 0; r < kRows; ++r) {
    const auto at = x.row<Running>(r), weight = w.row<Running>(0);
    expect<float>(graph_.value(y), r,
                  ref::layernorm(at, weight, b.row<Running>(0), double(kEpsilon)), "y");
    expect<float>(
        graph_.grad(in), r,
        ref::layernorm_backward(dy.row<Running>(r), at, weight, ref::moments(at, double(kEpsilon))),
        "dx");
  }
}

TEST_F(Ops, GatedActivation) {
  auto x = Gapped<float>::random(kRows, 2 * kCols, 1, 4);
  auto dy = Gapped<float>::random(kRows, kCols, 3);
  const Var in = input(x), y = nn::gate(graph_, nn::Activation::kSilu, in);
  play(y, dy);
  for (int64_t r = 0; r < kRows; ++r) {
    std::vector<Running> value, gradient(2 * kCols);
    for (int64_t c = 0; c < kCols; ++c) {
      const Running g(x.get(r, c)), u(x.get(r, kCols + c));
      value.push_back(ref::gate(nn::Activation::kSilu, g, u));
      const auto d = ref::gate_backward(nn::Activation::kSilu, Running(dy.get(r, c)), g, u);
      gradient[size_t(c)] = d.gate;
      gradient[size_t(kCols + c)] = d.up;
    }
    expect<float>(graph_.value(y), r, value, "y");
    expect<float>(graph_.grad(in), r, gradient, "dx");
  }
}

TEST_F(Ops, PlainActivation) {
  auto x = Gapped<float>::random(kRows, kCols, 1, 4), dy = Gapped<float>::random(kRows, kCols, 3);
  const Var in = input(x), y = nn::activate(graph_, nn::Activation::kGelu, in);
  play(y, dy);
  for (int64_t r = 0; r < kRows; ++r) {
    std::vector<Running> value, gradient;
    for (int64_t c = 0; c < kCols; ++c) {
      value.push_back(ref::activate(nn::Activation::kGelu, Running(x.get(r, c))));
      gradient.push_back(ref::activate_backward(nn::Activation::kGelu, Running(dy.get(r, c)),
                                                Running(x.get(r, c))));
    }
    expect<float>(graph_.value(y), r, value, "y");
    expect<float>(graph_.grad(in), r, gradient, "dx");
  }
}

TEST_F(Ops, TakeRowsGivesZeroToTheRowsLeftOut) {
  auto x = Gapped<float>::random(kRows, kCols, 1), dy = Gapped<float>::random(2, kCols, 3);
  const std::vector<int64_t> rows{3, 1};
  const Var in = input(x), y = nn::take_rows(graph_, in, rows);
  play(y, dy);
  const auto got = graph_.grad(in).as<float>(), value = graph_.value(y).as<float>();
  for (int64_t c = 0; c < kCols; ++c) {
    EXPECT_EQ(double(value.row(0)[c]), x.get(3, c));
    EXPECT_EQ(double(got.row(3)[c]), dy.get(0, c));
    EXPECT_EQ(double(got.row(1)[c]), dy.get(1, c));
    for (const int64_t left_out : {0, 2, 4}) EXPECT_EQ(got.row(left_out)[c], 0.0f);
  }
}

TEST_F(Ops, GradientsOfTwoReadersAddUp) {
  auto x = Gapped<float>::random(kRows, kCols, 1), dy = Gapped<float>::random(kRows, kCols, 3),
       dz = Gapped<float>::random(2, kCols, 4);
  const std::vector<float> w(kCols, 1.0f);
  const std::vector<int64_t> rows{4, 0};
  const Var in = input(x);
  const Var y = nn::rmsnorm(graph_, in, w.data(), kEpsilon);
  const Var z = nn::take_rows(graph_, in, rows);
  const Mat grad = graph_.allocate(DType::kF32, 2, kCols);
  copy_into(dz, grad);
  graph_.set_grad(z, grad);
  play(y, dy);
  const std::vector<Running> ones(kCols, Running(1));
  for (int64_t r = 0; r < kRows; ++r) {
    const auto at = x.row<Running>(r);
    auto want = ref::rmsnorm_backward(dy.row<Running>(r), at, ones,
                                      ref::rms_scale(at, double(kEpsilon)));
    for (size_t i = 0; i < rows.size(); ++i) {
      for (int64_t c = 0; c < kCols && rows[i] == r; ++c) {
        want[size_t(c)] += Running(dz.get(int64_t(i), c));
      }
    }
    expect<float>(graph_.grad(in), r, want, "dx");
  }
}

TEST_F(Ops, ToComputeRoundsAndItsGradientWidens) {
  Graph narrow(arena_, DType::kBF16, true);
  auto x = Gapped<float>::random(kRows, kCols, 1);
  auto dy = Gapped<bf16>::random(kRows, kCols, 3);
  const Var in = narrow.create(DType::kF32, kRows, kCols, true);
  copy_into(x, narrow.value(in));
  const Var y = nn::to_compute(narrow, in);
  ASSERT_EQ(narrow.value(y).type, DType::kBF16);
  const Mat grad = narrow.allocate(DType::kBF16, kRows, kCols);
  copy_into(dy, grad);
  narrow.set_grad(y, grad);
  narrow.backward();
  for (int64_t c = 0; c < kCols; ++c) {
    EXPECT_EQ(narrow.value(y).as<bf16>().row(2)[c].bits, to_bf16(float(x.get(2, c))).bits);
    EXPECT_EQ(double(narrow.grad(in).as<float>().row(2)[c]), dy.get(2, c));
  }
  const Var same = nn::to_compute(graph_, input(x));
  EXPECT_TRUE(nn::to_compute(graph_, same) == same);
}

TEST_F(Ops, WhatIsFrozenLeavesNoRecord) {
  auto x = Gapped<float>::random(kRows, kCols, 1);
  const Var in = graph_.create(DType::kF32, kRows, kCols, false);
  copy_into(x, graph_.value(in));
  const std::vector<float> w(kCols, 1.0f);
  const Var y = nn::rmsnorm(graph_, in, w.data(), kEpsilon);
  EXPECT_FALSE(graph_.differentiable(y));
  graph_.backward();  // nothing to play: no gradient was set, none is made
  EXPECT_FALSE(graph_.has_grad(in));
}

}  // namespace
}  // namespace relatum::testing
