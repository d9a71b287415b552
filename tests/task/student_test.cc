// Student's t against its tables, and a spread worked by hand.
#include "task/student.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

namespace relatum::task {
namespace {

// Two-sided, as scipy 1.x's stats.t.ppf((1 + level) / 2, freedom) has them to 13 digits.
TEST(Student, QuantilesAreTheTables) {
  struct Row {
    double level;
    int64_t freedom;
    double t;
  };
  const Row rows[] = {{0.95, 2, 4.302652729749},  {0.95, 3, 3.182446305284},
                      {0.95, 4, 2.776445105198},  {0.95, 5, 2.570581835636},
                      {0.95, 9, 2.262157162798},  {0.95, 10, 2.228138851986},
                      {0.95, 99, 1.984216951586}, {0.95, 999, 1.962341461133}};
  for (const Row& row : rows) {
    EXPECT_NEAR(student_two_sided(row.level, row.freedom), row.t, 1e-12 * row.t + 5e-13)
        << row.freedom;
  }
  // With one degree of freedom it is Cauchy's distribution, whose quantile is a tangent.
  EXPECT_DOUBLE_EQ(student_two_sided(0.5, 1), std::tan(std::numbers::pi / 4));
}

// 1, 2, 3, 6: mean 3, squares 4 + 1 + 0 + 9 = 14, deviation sqrt(14 / 3).
TEST(Student, ASpreadIsTheTextbooks) {
  const std::array<double, 4> values{1, 2, 3, 6};
  const Spread spread = spread_of(values);
  EXPECT_DOUBLE_EQ(spread.mean, 3);
  EXPECT_DOUBLE_EQ(spread.deviation, std::sqrt(14.0 / 3));
  const double half = student_two_sided(0.95, 3) * std::sqrt(14.0 / 3) / 2;
  EXPECT_DOUBLE_EQ(spread.low, 3 - half);
  EXPECT_DOUBLE_EQ(spread.high, 3 + half);
  const std::array<double, 2> same{0.5, 0.5};
  EXPECT_EQ(spread_of(same).deviation, 0.0);
}

}  // namespace
}  // namespace relatum::task
