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

}  // namespace relatum::task
