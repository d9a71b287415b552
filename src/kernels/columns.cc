// Rows to threads; sums down columns are cut by columns, so that threads change no bit.
#include "kernels/columns.h"

#include <algorithm>

#include "base/error.h"
#include "base/parallel_for.h"
#include "kernels/isa/table.h"

namespace relatum::kernels {
namespace {

constexpr int64_t kValuesEach = 1 << 14;  // that are worth a thread
constexpr int64_t kColumnsEach = 64;      // a row of so many fills cache lines

template <class Body>
void with_type(DType type, const Body& body) {
  if (type == DType::kBF16) {
    body.template operator()<bf16>();
  } else {
    body.template operator()<float>();
  }
}

template <class Body>
void for_rows(const ConstMat& x, const Body& body) {
  parallel_for(x.rows, kValuesEach / (x.cols + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) body(r);
  });
}

// Whole lines of columns to each thread: body(first, last + 1).
template <class Body>
void for_lines(const ConstMat& x, const Body& body) {
  const int64_t lines = (x.cols + kColumnsEach - 1) / kColumnsEach;
  const int64_t grain = kValuesEach / (x.rows * kColumnsEach + 1) + 1;
  parallel_for(lines, grain, [&](int64_t begin, int64_t end) {
    body(begin * kColumnsEach, std::min(end * kColumnsEach, x.cols));
  });
}

void check_pair(const ConstMat& x, const ConstMat& y) {
  RELATUM_CHECK(x.rows == y.rows && x.cols == y.cols && x.type == y.type);
}

}  // namespace

void scale_columns(ConstMat x, std::span<const float> scale, float shift,
                   std::span<const float> bias, ConstMat add, Mat y) {
  check_pair(x, y);
  RELATUM_CHECK(int64_t(scale.size()) == x.cols);
  RELATUM_CHECK(bias.empty() || int64_t(bias.size()) == x.cols);
  RELATUM_CHECK(!add.data || (add.rows == x.rows && add.cols == x.cols));
  const auto more = add.data ? add.as<float>() : MatView<const float>{};
  with_type(x.type, [&]<class T>() {
    const auto in = x.as<T>();
    const auto out = y.as<T>();
    for_rows(x, [&](int64_t r) {
      const ColumnScale task{scale.data(), shift, bias.empty() ? nullptr : bias.data(),
                             more.data ? more.row(r) : nullptr};
      typed_table<T>().scale_columns(task, in.row(r), out.row(r), x.cols);
    });
  });
}

void add_columns(ConstMat x, std::span<const float> scale, float shift, Mat y) {
  check_pair(x, y);
  RELATUM_CHECK(scale.empty() || int64_t(scale.size()) == x.cols);
  with_type(x.type, [&]<class T>() {
    const auto in = x.as<T>();
    const auto out = y.as<T>();
    for_rows(x, [&](int64_t r) {
      typed_table<T>().add_columns(scale.empty() ? nullptr : scale.data(), shift, in.row(r),
                                   out.row(r), x.cols);
    });
  });
}

void column_products(ConstMat a, ConstMat b, std::span<const float> factors,
                     std::span<float> sums) {
  check_pair(a, b);
  RELATUM_CHECK(int64_t(factors.size()) == a.cols && int64_t(sums.size()) == a.cols);
  with_type(a.type, [&]<class T>() {
    const auto left = a.as<T>();
    const auto right = b.as<T>();
    const ColumnProducts<T> task{left.data, left.stride,    right.data, right.stride,
                                 a.rows,    factors.data(), sums.data()};
    for_lines(
        a, [&](int64_t begin, int64_t end) { typed_table<T>().column_products(task, begin, end); });
  });
}

void add_column_sums(ConstMat x, std::span<float> sums) {
  RELATUM_CHECK(int64_t(sums.size()) == x.cols);
  with_type(x.type, [&]<class T>() {
    const auto in = x.as<T>();
    const ColumnSums<T> task{in.data, in.stride, x.rows, sums.data()};
    for_lines(x,
              [&](int64_t begin, int64_t end) { typed_table<T>().column_sums(task, begin, end); });
  });
}

void layernorm_gradients(MatView<const float> dy, MatView<const float> x, const float* stats,
                         float* weight, float* bias) {
  RELATUM_CHECK(dy.rows == x.rows && dy.cols == x.cols);
  const LayerNormGradients task{dy.data, dy.stride, x.data, x.stride, stats, x.rows, weight, bias};
  for_lines(x, [&](int64_t begin, int64_t end) { table().layernorm_gradients(task, begin, end); });
}

}  // namespace relatum::kernels
