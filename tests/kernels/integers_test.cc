// Holds products of integers to their definition, whatever multiplies them here.
#include "kernels/integers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/parallel_for.h"
#include "kernels/rows.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;

// Restores the number of threads.
class Threads {
 public:
  explicit Threads(int count) : before_(thread_count()) { set_thread_count(count); }
  ~Threads() { set_thread_count(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

template <class T>
class Integers : public ::testing::Test {};
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
        // Three roundings: of the scale of x, of two products; bf16's is far larger.
        const double sure = std::is_same_v<TypeParam, float> ? 4e-7 : 8e-3;
        EXPECT_NEAR(y.get(i / n, i % n), want[size_t(i)], sure * std::abs(want[size_t(i)]) + 1e-30)
            << m << 'x' << n << 'x' << k << ": " << i / n << ' ' << i % n;
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
        EXPECT_NEAR(y.row(0)[i], sign * float(k), 4e-7 * double(k)) << k;
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
