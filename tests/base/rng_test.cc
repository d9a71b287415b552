// Random numbers depend on their place alone and have the right distribution.
#include "base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace relatum {
namespace {

TEST(Rng, SamePlaceSameValue) {
  const Rng a(1, 2), b(1, 2);
  for (uint64_t i = 0; i < 100; ++i) EXPECT_EQ(a.bits(99 - i), b.bits(99 - i));
  EXPECT_NE(Rng(1, 2).bits(0), Rng(2, 1).bits(0));
  EXPECT_NE(Rng(1, 2).bits(0), Rng(1, 3).bits(0));
  EXPECT_NE(Rng(1, 2).bits(0), Rng(1, 2).bits(1));
}

TEST(Rng, MixIsSplitMix64) {
  // First outputs of SplitMix64 seeded with 0 (Vigna's reference): its state steps by the gamma.
  EXPECT_EQ(mix64(0x9e3779b97f4a7c15ull), 0xe220a8397b1dcdafull);
  EXPECT_EQ(mix64(2 * 0x9e3779b97f4a7c15ull), 0x6e789e6aa1b965f4ull);
}

TEST(Rng, MomentsAreThoseOfTheDistribution) {
  constexpr int n = 200000;
  const Rng rng(7, 0);
  double uniform = 0, normal = 0, square = 0;
  for (uint64_t i = 0; i < n; ++i) {
    const double u = rng.uniform(i), z = rng.normal(i);
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    uniform += u / n;
    normal += z / n;
    square += z * z / n;
  }
  // Five standard errors of each mean.
  EXPECT_NEAR(uniform, 0.5, 5 * std::sqrt(1.0 / 12 / n));
  EXPECT_NEAR(normal, 0.0, 5 * std::sqrt(1.0 / n));
  EXPECT_NEAR(square, 1.0, 5 * std::sqrt(2.0 / n));
}

TEST(Rng, BelowStaysBelow) {
  const Rng rng(3, 3);
  std::vector<int> seen(7);
  for (uint64_t i = 0; i < 7000; ++i) ++seen.at(rng.below(i, 7));
  for (int count : seen) EXPECT_NEAR(count, 1000, 5 * std::sqrt(1000.0));
}

TEST(Rng, ShuffleKeepsEveryItem) {
  std::vector<int> items(100), sorted;
  std::iota(items.begin(), items.end(), 0);
  const auto original = items;
  Rng(5, 1).shuffle(items);
  EXPECT_NE(items, original);
  sorted = items;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, original);
}

}  // namespace
}  // namespace relatum
