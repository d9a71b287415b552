// Uncertainty by hand, and what all three figures have in common.
#include "task/uncertainty.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "support.h"

namespace relatum::task {
namespace {

constexpr Uncertainty kAll[] = {Uncertainty::kMargin, Uncertainty::kEntropy, Uncertainty::kLeast};

double of(const std::vector<double>& probabilities, Uncertainty by) {
  return uncertainty(probabilities, by);
}

TEST(Uncertainty, IsWhatItsFormulaSays) {
  const std::vector<double> p = {0.25, 0.5, 0.125, 0.125};  // exact in binary
  EXPECT_EQ(of(p, Uncertainty::kMargin), 0.75);
  EXPECT_EQ(of(p, Uncertainty::kLeast), 0.5 * 4 / 3);
  // 1.75 bits of 2.
  EXPECT_NEAR(of(p, Uncertainty::kEntropy), 0.875, 8 * std::numeric_limits<double>::epsilon());
}

TEST(Uncertainty, ReachesFromCertainToEven) {
  for (const Uncertainty by : kAll) {
    EXPECT_EQ(of({1, 0, 0}, by), 0);
    EXPECT_EQ(of({1}, by), 0);
    EXPECT_NEAR(of({0.25, 0.25, 0.25, 0.25}, by), 1, 8 * std::numeric_limits<double>::epsilon());
    EXPECT_LT(of({0.9, 0.1, 0}, by), of({0.6, 0.4, 0}, by));
    EXPECT_NEAR(of({0.7, 0.2, 0.1}, by), of({0.1, 0.2, 0.7}, by),
                8 * std::numeric_limits<double>::epsilon())
        << "no matter which label";
  }
}

TEST(Uncertainty, EachLooksAtSomethingElse) {
  const std::vector<double> two = {0.5, 0.5, 0}, many = {0.52, 0.24, 0.24};
  EXPECT_GT(of(two, Uncertainty::kMargin), of(many, Uncertainty::kMargin));
  EXPECT_LT(of(two, Uncertainty::kEntropy), of(many, Uncertainty::kEntropy));
  EXPECT_GT(of(two, Uncertainty::kLeast), of(many, Uncertainty::kLeast));
}

TEST(Uncertainty, IsKnownByItsName) {
  EXPECT_EQ(parse_uncertainty("entropy"), Uncertainty::kEntropy);
  EXPECT_NE(testing::error_of([] { parse_uncertainty("doubt"); }).find("margin, entropy or least"),
            std::string::npos);
}

}  // namespace
}  // namespace relatum::task
