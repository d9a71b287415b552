// Holds products of integers to their definition, whatever multiplies them here.
#include "kernels/integers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/rows.h"
#include "support/numbers.h"
#include "support/threads.h"

namespace relatum::testing {
namespace {

using namespace kernels;

template <class T>
class Integers : public ::testing::Test {};
// An exact sum after the roundings of a result: of the sum itself, of both scales, of two products,
// and of what is stored between them (multiply() says when).
template <class T>
Running rounded(double sum) {
  const Running one(1.0);
  return stored(Running(sum) * one * one, DTypeOf<T>::value) * one * one;
}

using Types = ::testing::Types<float, bf16>;
TYPED_TEST_SUITE(Integers, Types);

// Values that both roundings leave as they are: whole numbers whose largest is the largest code
// times a power of two. K is no multiple of 16, so nothing is turned.
TYPED_TEST(Integers, WholeNumbersAreMultipliedExactly) {
  const int64_t shapes[][3] = {{1, 5, 3},      {2, 24, 8},    {3, 25, 30},     {7, 49, 65},
                               {13, 100, 577}, {260, 30, 40}, {300, 97, 1030}, {5, 1, 1}};
  for (const auto& [m, n, k] : shapes) {
    Gapped<float> weight(n, k);
    Gapped<TypeParam> x(m, k);
    const Rng rng(uint64_t(m * n), 1);
    for (int64_t i = 0; i < n * k; ++i) {
      const int code = i % k == 0 ? 127 : int(255 * rng.uniform(uint64_t(i))) - 127;
      weight.at(i / k, i % k) = float(code) * float(1 + i / k % 4) * 0.25f;
    }
    for (int64_t i = 0; i < m * k; ++i) {
      put(x.at(i / k, i % k),
          i % k == k - 1 ? 1.0 : double(int(3 * rng.uniform(uint64_t(i + 99)))) - 1);
    }
    std::vector<double> want;
    for (int64_t r = 0; r < m; ++r) {
      for (int64_t c = 0; c < n; ++c) {
        double sum = 0;
        for (int64_t p = 0; p < k; ++p) sum += x.get(r, p) * weight.get(c, p);
        want.push_back(sum);
      }
    }
    const IntegerWeights packed(weight.view());
    for (const int threads : {1, 2}) {
      const Threads set(threads);
      Gapped<TypeParam> y(m, n);
      Arena arena;
      packed.multiply(x.view(), y.view(), {}, {}, arena);
      for (int64_t i = 0; i < m * n; ++i) {
        expect_close<TypeParam>(y.get(i / n, i % n), rounded<TypeParam>(want[size_t(i)]),
                                std::to_string(m) + "x" + std::to_string(n) + "x" +
                                    std::to_string(k) + ", value " + std::to_string(i));
      }
      EXPECT_TRUE(y.gaps_kept());
    }
  }
}

// All codes at their largest, of one sign and of both: nothing overflows or saturates.
TEST(IntegerSums, HoldTheLargestCodes) {
  for (const int64_t k : {2, 31, 577, 1537, 14337}) {
    for (const float sign : {1.0f, -1.0f}) {
      Matrix<float> weight(30, k), x(5, k), y(5, 30);
      std::fill_n(weight.row(0), 30 * k, 1.0f);
      std::fill_n(x.row(0), 5 * k, sign);
      const IntegerWeights packed(weight.view());
      Arena arena;
      packed.multiply(x.view(), y.view(), {}, {}, arena);
      for (int64_t i = 0; i < 150; ++i) {
        expect_close<float>(y.row(0)[i], rounded<float>(double(sign) * double(k)),
                            std::to_string(k));
      }
    }
  }
}

TYPED_TEST(Integers, BiasAndResidualAreAdded) {
  constexpr int64_t kRows = 6, kOut = 37, kIn = 48;
  auto weight = Gapped<float>::random(kOut, kIn, 1);
  auto x = Gapped<TypeParam>::random(kRows, kIn, 2);
  auto add = Gapped<float>::random(kRows, kOut, 3);
  std::vector<float> bias(kOut);
  for (size_t j = 0; j < bias.size(); ++j) bias[j] = 0.125f * float(j);
  const IntegerWeights packed(weight.view());
  Arena arena;
  Gapped<float> bare(kRows, kOut), whole(kRows, kOut);
  packed.multiply(x.view(), bare.view(), {}, {}, arena);
  packed.multiply(x.view(), whole.view(), bias, Mat(add.view()), arena);
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t c = 0; c < kOut; ++c) {
      const Running product = Running(bare.get(r, c)) * Running(1.0);  // may be fused with a sum
      const Running want = product + Running(double(bias[size_t(c)])) + Running(add.get(r, c));
      expect_close<float>(whole.get(r, c), want, "y");
    }
  }
}

TYPED_TEST(Integers, ARowThatIsNotFiniteSpoilsNoOther) {
  auto weight = Gapped<float>::random(20, 33, 1);
  auto x = Gapped<TypeParam>::random(3, 33, 4);
  const IntegerWeights packed(weight.view());
  Arena arena;
  Gapped<TypeParam> before(3, 20), after(3, 20);
  packed.multiply(x.view(), before.view(), {}, {}, arena);
  put(x.at(1, 7), std::numeric_limits<double>::infinity());
  packed.multiply(x.view(), after.view(), {}, {}, arena);
  for (int64_t c = 0; c < 20; ++c) {
    EXPECT_EQ(after.get(0, c), before.get(0, c));
    EXPECT_FALSE(std::isfinite(after.get(1, c)));
    EXPECT_EQ(after.get(2, c), before.get(2, c));
  }
}

TEST(IntegerSums, NoRowsAreNoWork) {
  auto weight = Gapped<float>::random(20, 32, 1);
  const IntegerWeights packed(weight.view());
  Arena arena;
  Matrix<float> x(0, 32), y(0, 20);
  packed.multiply(x.view(), y.view(), {}, {}, arena);
}

}  // namespace
}  // namespace relatum::testing
