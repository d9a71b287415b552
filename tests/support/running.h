// A number that carries a bound on what f32 arithmetic may have done to it.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "kernels/ref/scalar.h"
#include "support/tolerance.h"

namespace relatum::testing {

/// Running error analysis (Wilkinson; Higham 2002, section 3.3): `value` is exact to double,
/// `error` bounds the distance of a result whose operations were each rounded to f32. The scalar
/// twins instantiated at it give the tolerance of the fast loop beside them.
struct Running {
  double value = 0, error = 0;

  Running() = default;
  Running(double v, double e) : value(v), error(e) {}
  /// A constant or an input: exact where a float holds it.
  explicit Running(double v) : value(v), error(double(float(v)) == v ? 0 : rounding(v)) {}

  static double rounding(double v) { return std::abs(v) * unit_roundoff(DType::kF32); }
  static Running rounded(double v, double e) { return {v, e + rounding(std::abs(v) + e)}; }
};

inline Running operator-(const Running& a) { return {-a.value, a.error}; }
/// x once it was stored as `type` and read again.
inline Running stored(const Running& x, DType type) {
  return {x.value, x.error + unit_roundoff(type) * (std::abs(x.value) + x.error)};
}
inline Running operator+(const Running& a, const Running& b) {
  return Running::rounded(a.value + b.value, a.error + b.error);
}
inline Running operator-(const Running& a, const Running& b) { return a + (-b); }
inline Running operator*(const Running& a, const Running& b) {
  return Running::rounded(a.value * b.value, std::abs(a.value) * b.error +
                                                 std::abs(b.value) * a.error + a.error * b.error);
}
inline Running operator/(const Running& a, const Running& b) {
  const double smallest = std::max(std::abs(b.value) - b.error, 0.0);
  const double quotient = a.value / b.value;
  return Running::rounded(quotient, (a.error + std::abs(quotient) * b.error) / smallest);
}
inline Running& operator+=(Running& a, const Running& b) { return a = a + b; }

inline Running sqrt(const Running& x) {
  const double root = std::sqrt(x.value);
  const double low = std::sqrt(std::max(x.value - x.error, 0.0));
  return Running::rounded(root, x.error == 0 ? 0 : x.error / (root + low));
}
/// The fast exponential states a relative error below 2e-7, less than four roundings, and gives
/// zero for what is below the smallest normal number.
inline Running exp(const Running& x) {
  const double y = std::exp(x.value), high = y * std::exp(x.error);
  return {y, (high - y) + 4 * Running::rounding(high) + double(std::numeric_limits<float>::min())};
}
inline Running log(const Running& x) {
  return Running::rounded(std::log(x.value), -std::log1p(-x.error / x.value));
}
/// The fast error function states a relative error below 4e-7, less than seven roundings.
inline Running erf(const Running& x) {
  return Running::rounded(std::erf(x.value), 2 * std::numbers::inv_sqrtpi * x.error +
                                                 7 * Running::rounding(std::erf(x.value)));
}
inline double real_part(const Running& x) { return x.value; }
/// x after it was stored in bf16.
inline Running in_bf16(const Running& x) {
  const double most = std::abs(x.value) + x.error;
  return {x.value, x.error + most * unit_roundoff(DType::kBF16)};
}

}  // namespace relatum::testing

namespace relatum::kernels::ref {

/// Any order of additions: each of n terms goes through at most n roundings (Higham 2002, 4.2).
template <>
class Sum<testing::Running> {
 public:
  void add(const testing::Running& x) {
    value_ += x.value;
    error_ += x.error;
    magnitude_ += std::abs(x.value) + x.error;
    ++terms_;
  }
  testing::Running total() const {
    return {value_, error_ + testing::rounding_bound(terms_) * magnitude_};
  }

 private:
  double value_ = 0, error_ = 0, magnitude_ = 0;
  int64_t terms_ = 0;
};

}  // namespace relatum::kernels::ref
