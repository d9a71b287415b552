// Boost's distributions, asked with the arguments of the tests.
#include "task/proportion.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>

#include "base/error.h"

namespace relatum::task {

ProportionInterval exact_interval(int64_t count, int64_t all, double level) {
  RELATUM_CHECK(all > 0 && count >= 0 && count <= all && level > 0 && level < 1);
  using Binomial = boost::math::binomial;
  const double tail = (1 - level) / 2, n = double(all), k = double(count);
  return {Binomial::find_lower_bound_on_p(n, k, tail), Binomial::find_upper_bound_on_p(n, k, tail)};
}

McNemar mcnemar(int64_t only_first, int64_t only_second) {
  RELATUM_CHECK(only_first >= 0 && only_second >= 0);
  McNemar test{only_first, only_second};
  const int64_t apart = only_first + only_second;
  const auto fewer = double(std::min(only_first, only_second));
  test.exact = apart < kFewestForChiSquared;
  if (test.exact) {
    test.statistic = fewer;
    if (apart == 0) return test;
    test.p = std::min(1.0, 2 * boost::math::cdf(boost::math::binomial(double(apart), 0.5), fewer));
    return test;
  }
  const double distance = std::abs(double(only_first - only_second)) - 1;
  test.statistic = distance * distance / double(apart);
  test.p = boost::math::cdf(boost::math::complement(boost::math::chi_squared(1), test.statistic));
  return test;
}

}  // namespace relatum::task
