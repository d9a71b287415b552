// Holds the products of 8-bit integers to their definition: exact sums, then two scales.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/parallel_for.h"
#include "kernels/cpu.h"
#include "kernels/gemm.h"
#include "kernels/rows.h"
#include "support/numbers.h"
#include "tensor/buffer.h"

namespace relatum::testing {
namespace {

using namespace kernels;

template <class T>
class QuantisedRows : public ::testing::Test {};
using Types = ::testing::Types<float, bf16>;
TYPED_TEST_SUITE(QuantisedRows, Types);

TYPED_TEST(QuantisedRows, AreWithinHalfAStep) {
  for (const int64_t cols : {1, 15, 16, 33, 576}) {
    auto x = Gapped<TypeParam>::random(9, cols, 1, 3.0);
    std::vector<int8_t> codes(size_t(9 * cols));
    std::vector<float> scales(9);
    quantise_rows(x.view(), {codes.data(), 9, cols}, scales);
    for (int64_t r = 0; r < 9; ++r) {
      double most = 0;
      for (int64_t c = 0; c < cols; ++c) most = std::max(most, std::abs(x.get(r, c)));
      EXPECT_NEAR(double(scales[size_t(r)]), most / 127, most * 1e-8);
      for (int64_t c = 0; c < cols; ++c) {
        const double step = double(scales[size_t(r)]);
        EXPECT_LE(std::abs(x.get(r, c) - step * codes[size_t(r * cols + c)]), 0.5001 * step);
        EXPECT_GE(codes[size_t(r * cols + c)], -127);
      }
    }
  }
}

TYPED_TEST(QuantisedRows, TiesGoToEvenAndZerosStayZero) {
  Gapped<TypeParam> x(2, 6);
  const double values[] = {127, 0.5, 1.5, 2.5, -2.5, -127};
  for (int64_t c = 0; c < 6; ++c) {
    put(x.at(0, c), values[c]);
    put(x.at(1, c), 0.0);
  }
  std::vector<int8_t> codes(12, 99);
  std::vector<float> scales(2);
  quantise_rows(x.view(), {codes.data(), 2, 6}, scales);
  EXPECT_EQ(codes, (std::vector<int8_t>{127, 0, 2, 2, -2, -127, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(scales, (std::vector<float>{1, 0}));
}

TYPED_TEST(QuantisedRows, ARowThatIsNotFiniteSpoilsNoOther) {
  auto x = Gapped<TypeParam>::random(3, 20, 4);
  put(x.at(1, 7), std::numeric_limits<double>::infinity());
  std::vector<int8_t> codes(60), alone(20);
  std::vector<float> scales(3), scale(1);
  quantise_rows(x.view(), {codes.data(), 3, 20}, scales);
  quantise_rows(x.view().rows_from(2, 1), {alone.data(), 1, 20}, scale);
  EXPECT_FALSE(std::isfinite(scales[1]));
  EXPECT_EQ(scales[2], scale[0]);
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), codes.begin() + 40));
}

TYPED_TEST(QuantisedRows, AreTurnedFirstWhereAsked) {
  for (const int64_t cols : {16, 33, 96, 576}) {
    auto x = Gapped<TypeParam>::random(7, cols, 1, 3.0);
    Matrix<float> turned(7, cols), scratch(thread_count(), cols);
    hadamard_rows(x.view(), turned.view());
    std::vector<int8_t> codes(size_t(7 * cols)), want(codes.size());
    std::vector<float> scales(7), sizes(7);
    quantise_turned_rows(x.view(), {codes.data(), 7, cols}, scales, scratch.view());
    quantise_rows(turned.view(), {want.data(), 7, cols}, sizes);
    EXPECT_EQ(codes, want);
    EXPECT_EQ(scales, sizes);
  }
}

TYPED_TEST(QuantisedRows, OneLargeValueDoesNotDrownTheOthersWhenTurned) {
  constexpr int64_t kCols = 128;
  auto x = Gapped<TypeParam>::random(1, kCols, 1);
  put(x.at(0, 5), 100.0);
  Matrix<float> exact(1, kCols), scratch(thread_count(), kCols);
  std::vector<int8_t> codes(kCols);
  std::vector<float> scale(1);
  double errors[2] = {};
  for (const bool turned : {false, true}) {
    if (turned) {
      quantise_turned_rows(x.view(), {codes.data(), 1, kCols}, scale, scratch.view());
      hadamard_rows(x.view(), exact.view());
    } else {
      quantise_rows(x.view(), {codes.data(), 1, kCols}, scale);
      convert(x.view(), exact.view());
    }
    for (int64_t c = 0; c < kCols; ++c) {
      const double error = double(exact.row(0)[c]) - double(scale[0]) * codes[size_t(c)];
      errors[turned] += error * error;
    }
  }
  // The row's largest falls from 100 to at most 100 / 8 plus 64 / 8 (the others are within 1, the
  // factors are 1 / 8), so the step shrinks to 0.21 and its square to 0.04; 0.1 leaves room for
  // errors that are not spread evenly over a step.
  EXPECT_LT(errors[1], 0.1 * errors[0]);
}

template <class T>
class Int8Product : public ::testing::Test {
 protected:
  void SetUp() override {
    const bool exact = isa() == Isa::kAvx512 && has_vnni();
    if (!exact) GTEST_SKIP() << "oneDNN's 8-bit products saturate without AVX512_VNNI";
  }
};
TYPED_TEST_SUITE(Int8Product, Types);

TYPED_TEST(Int8Product, IsTheSumOfIntegersTimesTheOutputsScale) {
  const int64_t shapes[][3] = {{1, 5, 3}, {7, 33, 65}, {65, 16, 576}, {130, 96, 40}, {3, 1, 1}};
  for (const auto& [m, n, k] : shapes) {
    // Weights whose codes are themselves: each row's largest is 127 times its scale.
    Gapped<float> weight(n, k, 0);
    std::vector<int> w(size_t(n * k));
    const Rng rng(uint64_t(m + n), 1);
    for (int64_t i = 0; i < n * k; ++i) {
      w[size_t(i)] = i % k == 0 ? 127 : int(255 * rng.uniform(uint64_t(i))) - 127;
      weight.at(i / k, i % k) = float(w[size_t(i)]) * float(1 + i / k % 4) * 0.25f;
    }
    std::vector<int8_t> a(size_t(m * k));
    for (size_t i = 0; i < a.size(); ++i) a[i] = int8_t(int(255 * rng.uniform(i + 7777)) - 127);
    const PackedMatrix packed = PackedMatrix::quantised(weight.view());
    EXPECT_EQ(packed.type(), DType::kI8);
    for (const int threads : {1, 2}) {
      const int before = thread_count();
      set_thread_count(threads);
      Gapped<TypeParam> c(m, n);
      gemm({.a = MatView<int8_t>(a.data(), m, k), .c = c.view(), .packed = &packed});
      set_thread_count(before);
      for (int64_t i = 0; i < m; ++i) {
        for (int64_t j = 0; j < n; ++j) {
          int sum = 0;
          for (int64_t p = 0; p < k; ++p) sum += a[size_t(i * k + p)] * w[size_t(j * k + p)];
          TypeParam want;
          put(want, double(sum) * 0.25 * double(1 + j % 4));
          EXPECT_EQ(c.get(i, j), double(to_float(want))) << i << ' ' << j;
        }
      }
      EXPECT_TRUE(c.gaps_kept());
    }
  }
}

TYPED_TEST(Int8Product, RowsAreRescaledWithBiasAndResidual) {
  auto y = Gapped<TypeParam>::random(6, 37, 1), before = y;
  auto add = Gapped<float>::random(6, 37, 2);
  std::vector<float> bias(37), scales;
  for (size_t j = 0; j < bias.size(); ++j) bias[j] = 0.125f * float(j);
  for (int r = 0; r < 6; ++r) scales.push_back(0.5f + float(r));
  for (const bool more : {false, true}) {
    y = before;
    rescale_rows(y.view(), scales, more ? std::span<const float>(bias) : std::span<const float>(),
                 more ? Mat(add.view()) : Mat{});
    for (int64_t r = 0; r < 6; ++r) {
      for (int64_t c = 0; c < 37; ++c) {
        Running want = Running(double(scales[size_t(r)])) * Running(before.get(r, c));
        if (more) want = want + Running(double(bias[size_t(c)])) + Running(add.get(r, c));
        expect_close<TypeParam>(y.get(r, c), want, "y");
      }
    }
    EXPECT_TRUE(y.gaps_kept());
  }
}

}  // namespace
}  // namespace relatum::testing
