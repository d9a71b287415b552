// Rows whose columns have a factor each, and products of two matrices summed down their columns.
#include "kernels/isa/simd.h"
#include "kernels/isa/table.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

template <class T>
void scale_columns(const ColumnScale& task, const T* x, T* y, int64_t n) {
  const float* scale = task.scale;
  const float* bias = task.bias;
  const float* add = task.add;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    float value = (scale[i] + task.shift) * load(x + i);
    if (bias) value += bias[i];
    if (add) value += add[i];
    store(y + i, value);
  }
}

template <class T>
void add_columns(const float* scale, float shift, const T* x, T* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float factor = (scale ? scale[i] : 0.0f) + shift;
    store(y + i, load(y + i) + factor * load(x + i));
  }
}

// Adds up value(row, column) down each of the columns [begin, end), row after row, and hands the
// sums on: take(column, sum). A block of them stays near until its last row.
template <class Value, class Take>
void sum_down(int64_t rows, int64_t begin, int64_t end, const Value& value, const Take& take) {
  constexpr int64_t kBlock = 64;
  float sums[kBlock];
  for (int64_t first = begin; first < end; first += kBlock) {
    const int64_t n = end - first < kBlock ? end - first : kBlock;
    for (int64_t i = 0; i < n; ++i) sums[i] = 0;
    for (int64_t r = 0; r < rows; ++r) {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) sums[i] += value(r, first + i);
    }
    for (int64_t i = 0; i < n; ++i) take(first + i, sums[i]);
  }
}

template <class T>
void column_products(const ColumnProducts<T>& task, int64_t begin, int64_t end) {
  sum_down(
      task.rows, begin, end,
      [&](int64_t r, int64_t n) {
    return load(task.a + r * task.a_stride + n) * load(task.b + r * task.b_stride + n);
      },
      [&](int64_t n, float sum) { task.sums[n] += task.factors[n] * sum; });
}

template <class T>
void column_sums(const ColumnSums<T>& task, int64_t begin, int64_t end) {
  sum_down(
      task.rows, begin, end,
      [&](int64_t r, int64_t n) { return load(task.x + r * task.stride + n); },
      [&](int64_t n, float sum) { task.sums[n] += sum; });
}

}  // namespace

template <class T>
void fill_columns(TypedTable<T>& t) {
  t.scale_columns = scale_columns<T>;
  t.add_columns = add_columns<T>;
  t.column_products = column_products<T>;
  t.column_sums = column_sums<T>;
}
template void fill_columns(TypedTable<float>&);
template void fill_columns(TypedTable<bf16>&);

}  // namespace relatum::kernels::RELATUM_ISA
