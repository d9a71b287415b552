// What the scalar twins need of their number type: double, complex<double>, or a test's own.
//
// The twins are the plain formulas, written to be read. At double they are the oracle of the fast
// loops, at complex<double> of the gradients (complex step: Squire & Trapp 1998), and at a type
// that carries an error bound they say how far a fast loop may be off.
#pragma once

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace relatum::kernels::ref {

/// Adds up terms; a number type that tracks errors may specialise it, as fast loops add in any
/// order.
template <class S>
class Sum {
 public:
  void add(const S& x) { total_ += x; }
  S total() const { return total_; }

 private:
  S total_{0.0};
};

/// The sum of x[i] * y[i].
template <class S>
S dot(const std::vector<S>& x, const std::vector<S>& y) {
  Sum<S> sum;
  for (size_t i = 0; i < x.size(); ++i) sum.add(x[i] * y[i]);
  return sum.total();
}

/// What comparisons look at.
inline double real_part(double x) { return x; }
inline double real_part(const std::complex<double>& x) { return x.real(); }

/// The error function; at complex numbers to first order in the imaginary part, which is all that
/// a complex step needs.
inline double erf(double x) { return std::erf(x); }
inline std::complex<double> erf(const std::complex<double>& x) {
  const double slope = 2 * std::numbers::inv_sqrtpi * std::exp(-x.real() * x.real());
  return {std::erf(x.real()), slope * x.imag()};
}

}  // namespace relatum::kernels::ref
