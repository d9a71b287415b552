// Student's t distribution, for intervals from a few repeats.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace relatum::task {

/// The t with P(|T| <= t) = `level` (above 0, below 1) for a whole number of degrees of freedom, at
/// least 1.
double student_two_sided(double level, int64_t freedom);

/// A few figures of the same kind, seen as draws from a normal distribution.
struct Spread {
  double mean = 0;
  double deviation = 0;      ///< of the sample, with n - 1
  double low = 0, high = 0;  ///< mean -+ t * deviation / sqrt(n), t two-sided for `level`
  double level = 0.95;
};

/// At least two values.
Spread spread_of(std::span<const double> values);

/// Welch's t test of two means: seeds of one system against seeds of another.
struct Welch {
  double difference = 0;     ///< second mean minus first
  double low = 0, high = 0;  ///< two-sided interval of the difference for `level`
  double t = 0, freedom = 0, p = 1;
  double level = 0.95;
};
/// Nothing where a side has fewer than two values, or neither has any spread.
std::optional<Welch> welch(std::span<const double> first, std::span<const double> second);

}  // namespace relatum::task
