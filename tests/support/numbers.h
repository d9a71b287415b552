// Test matrices with gaps between their rows, random values, and the comparison with the twins.
#pragma once

#include <gtest/gtest.h>

#include <complex>
#include <functional>
#include <span>
#include <vector>

#include "base/rng.h"
#include "support/running.h"
#include "tensor/mat.h"

namespace relatum::testing {

inline void put(float& place, double x) { place = float(x); }
inline void put(bf16& place, double x) { place = to_bf16(float(x)); }

/// rows x cols values of T in memory with `gap` more values behind each row, which keep a mark.
template <class T>
class Gapped {
 public:
  static constexpr float kMark = -77.0f;

  Gapped(int64_t rows, int64_t cols, int64_t gap = 3)
      : rows_(rows), cols_(cols), stride_(cols + gap), values_(size_t(rows * stride_) + 1) {
    for (T& value : values_) put(value, kMark);
  }
  static Gapped random(int64_t rows, int64_t cols, uint64_t seed, double size = 1,
                       int64_t gap = 3) {
    Gapped result(rows, cols, gap);
    const Rng rng(seed, 7);
    for (int64_t i = 0; i < rows * cols; ++i) {
      put(result.at(i / cols, i % cols), size * (2 * rng.uniform(uint64_t(i)) - 1));
    }
    return result;
  }
  MatView<T> view() { return {values_.data(), rows_, cols_, stride_}; }
  T& at(int64_t r, int64_t c) { return values_[size_t(r * stride_ + c)]; }
  double get(int64_t r, int64_t c) const {
    return double(to_float(values_[size_t(r * stride_ + c)]));
  }
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  /// False where something wrote behind a row.
  bool gaps_kept() const {
    for (size_t i = 0; i < values_.size(); ++i) {
      const bool inside = int64_t(i) % stride_ < cols_ && int64_t(i) / stride_ < rows_;
      if (!inside && to_float(values_[i]) != kMark) return false;
    }
    return true;
  }
  /// Row r from column `begin` as numbers of the twins.
  template <class S = double>
  std::vector<S> row(int64_t r, int64_t begin = 0, int64_t count = -1) const {
    std::vector<S> result;
    for (int64_t c = begin; c < (count < 0 ? cols_ : begin + count); ++c) {
      result.push_back(S(get(r, c)));
    }
    return result;
  }

 private:
  int64_t rows_, cols_, stride_;
  std::vector<T> values_;
};

/// How far a value stored as T may be from the twin's.
template <class T>
double allowed(const Running& want) {
  const double stored = unit_roundoff(DTypeOf<T>::value) * (std::abs(want.value) + want.error);
  return want.error + stored + double(std::numeric_limits<float>::min());
}
template <class T>
void expect_close(double got, const Running& want, const std::string& what) {
  EXPECT_LE(std::abs(got - want.value), allowed<T>(want))
      << what << ": got " << got << ", want " << want.value;
}
template <class T>
void expect_row_close(const Gapped<T>& got, int64_t r, int64_t begin,
                      const std::vector<Running>& want, const std::string& what) {
  for (size_t i = 0; i < want.size(); ++i) {
    expect_close<T>(got.get(r, begin + int64_t(i)), want[i],
                    what + " at " + std::to_string(r) + ", " + std::to_string(i));
  }
}

using Complex = std::complex<double>;

/// Derivative of sum_j weights[j] * f(x)[j] by each x[i], exact to double (complex step).
inline std::vector<double> complex_gradient(
    const std::function<std::vector<Complex>(const std::vector<Complex>&)>& f,
    const std::vector<double>& x, const std::vector<double>& weights) {
  constexpr double kStep = 0x1p-200;  // its square is nothing beside any value
  std::vector<Complex> at(x.begin(), x.end());
  std::vector<double> gradient;
  for (size_t i = 0; i < x.size(); ++i) {
    at[i] = {x[i], kStep};
    const std::vector<Complex> y = f(at);
    at[i] = x[i];
    double sum = 0;
    for (size_t j = 0; j < y.size(); ++j) sum += weights[j] * y[j].imag() / kStep;
    gradient.push_back(sum);
  }
  return gradient;
}

/// Holds a twin's backward formula at double to the complex step. Both round at double, so the
/// bound that the formula has at f32 shrinks by the ratio of the two roundings; twice for two.
inline void expect_gradient(const std::vector<double>& by_formula,
                            const std::vector<double>& by_step,
                            const std::vector<Running>& bounds) {
  constexpr double kRatio = 0x1p-53 / 0x1p-24;
  ASSERT_EQ(by_formula.size(), by_step.size());
  for (size_t i = 0; i < by_step.size(); ++i) {
    const double bound = 2 * kRatio * (bounds[i].error + Running::rounding(bounds[i].value));
    EXPECT_LE(std::abs(by_formula[i] - by_step[i]), bound) << "component " << i;
  }
}

template <class S>
std::vector<S> convert_all(const std::vector<double>& x) {
  std::vector<S> result;
  for (const double value : x) result.push_back(S(value));
  return result;
}

}  // namespace relatum::testing
