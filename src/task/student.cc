// For whole degrees of freedom the distribution is a finite sum.
#include "task/student.h"

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace relatum::task {
namespace {

// P(|T| <= t) at t = sqrt(freedom) tan(angle): Abramowitz & Stegun, Handbook of Mathematical
// Functions (1964), 26.7.3 for odd and 26.7.4 for even degrees of freedom.
double within(double angle, int64_t freedom) {
  const double sine = std::sin(angle), cosine = std::cos(angle);
  const bool odd = freedom % 2 == 1;
  double term = odd ? cosine : 1.0, sum = 0;
  // Terms are cos^k times products of k/(k+1) to where k = freedom - 2 is passed.
  for (int64_t power = odd ? 1 : 0; power <= freedom - 2; power += 2) {
    sum += term;
    term *= cosine * cosine * double(power + 1) / double(power + 2);
  }
  if (!odd) return sine * sum;
  return 2 / std::numbers::pi * (angle + sine * sum);
}

}  // namespace

double student_two_sided(double level, int64_t freedom) {
  RELATUM_CHECK(level > 0 && level < 1 && freedom >= 1);
  double low = 0, high = std::numbers::pi / 2;
  constexpr int kHalvings = 200;  // far beyond a double's digits
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (within(middle, freedom) < level ? low : high) = middle;
  }
  return std::sqrt(double(freedom)) * std::tan(low);
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
