// Intervals and tests of shares: how sure a count out of a count is.
#pragma once

#include <cstdint>

namespace relatum::task {

struct ProportionInterval {
  double low = 0, high = 1;
};

/// The exact (Clopper-Pearson) two-sided interval of a share: `count` of `all`, 0 <= count <= all,
/// all > 0. It covers at least `level`, whatever the share is.
ProportionInterval exact_interval(int64_t count, int64_t all, double level = 0.95);

/// McNemar's test of two systems on the same examples.
struct McNemar {
  int64_t only_first = 0, only_second = 0;  ///< right in one of them alone
  bool exact = false;    ///< the binomial test; else chi² with continuity correction
  double statistic = 0;  ///< the smaller count (exact), or chi²
  double p = 1;
};

/// From so many examples on, chi² is near enough to the binomial (the usual rule).
inline constexpr int64_t kFewestForChiSquared = 25;

/// Exact (two-sided binomial test with 1/2) where fewer than kFewestForChiSquared examples tell the
/// two apart, else chi² with one degree of freedom and Edwards' continuity correction,
/// (|b - c| - 1)² / (b + c).
McNemar mcnemar(int64_t only_first, int64_t only_second);

}  // namespace relatum::task
