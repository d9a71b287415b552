// The quantile is Boost's.
#include "task/student.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "base/error.h"

namespace relatum::task {

double student_two_sided(double level, int64_t freedom) {
  RELATUM_CHECK(level > 0 && level < 1 && freedom >= 1);
  return boost::math::quantile(boost::math::students_t(double(freedom)), (1 + level) / 2);
}

Spread spread_of(std::span<const double> values) {
  RELATUM_CHECK(values.size() >= 2);
  const auto count = double(values.size());
  Spread spread;
  for (const double value : values) spread.mean += value / count;
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  spread.deviation = std::sqrt(squares / (count - 1));
  const double half = student_two_sided(spread.level, int64_t(values.size()) - 1) *
                      spread.deviation / std::sqrt(count);
  spread.low = spread.mean - half;
  spread.high = spread.mean + half;
  return spread;
}

std::optional<Welch> welch(std::span<const double> first, std::span<const double> second) {
  if (first.size() < 2 || second.size() < 2) return std::nullopt;
  const Spread a = spread_of(first), b = spread_of(second);
  const auto n = double(first.size()), m = double(second.size());
  // Squared standard errors of the means; Welch & Satterthwaite's degrees of freedom.
  const double va = a.deviation * a.deviation / n, vb = b.deviation * b.deviation / m;
  if (va + vb == 0) return std::nullopt;
  Welch test;
  test.difference = b.mean - a.mean;
  test.freedom = (va + vb) * (va + vb) / (va * va / (n - 1) + vb * vb / (m - 1));
  test.t = test.difference / std::sqrt(va + vb);
  const boost::math::students_t distribution(test.freedom);
  test.p = 2 * boost::math::cdf(boost::math::complement(distribution, std::abs(test.t)));
  const double half = boost::math::quantile(distribution, (1 + test.level) / 2) *
                      std::sqrt(va + vb);
  test.low = test.difference - half;
  test.high = test.difference + half;
  return test;
}

}  // namespace relatum::task
