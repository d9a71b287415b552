// Cheap views of row-major matrices; they never own and never outlive the call.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/error.h"
#include "tensor/dtype.h"

namespace relatum {

/// rows x cols values of T, `stride` values from one row's start to the next.
template <class T>
struct MatView {
  T* data = nullptr;
  int64_t rows = 0, cols = 0, stride = 0;

  MatView() = default;
  MatView(T* d, int64_t r, int64_t c) : data(d), rows(r), cols(c), stride(c) {}
  MatView(T* d, int64_t r, int64_t c, int64_t s) : data(d), rows(r), cols(c), stride(s) {}
  /// A view of mutable values serves where a view of const ones is asked for.
  operator MatView<const T>() const { return {data, rows, cols, stride}; }  // NOLINT

  T* row(int64_t i) const { return data + i * stride; }
  MatView rows_from(int64_t begin, int64_t count) const {
    return {data + begin * stride, count, cols, stride};
  }
  MatView cols_from(int64_t begin, int64_t count) const {
    return {data + begin, rows, count, stride};
  }
  int64_t size() const { return rows * cols; }
};

/// A MatView whose element type is known at run time only.
struct Mat {
  void* data = nullptr;
  DType type = DType::kF32;
  int64_t rows = 0, cols = 0, stride = 0;
  int64_t spare = 0;  ///< rows of memory behind the last one that may be read and overwritten

  Mat() = default;
  Mat(void* d, DType t, int64_t r, int64_t c) : data(d), type(t), rows(r), cols(c), stride(c) {}
  Mat(void* d, DType t, int64_t r, int64_t c, int64_t s)
      : data(d), type(t), rows(r), cols(c), stride(s) {}
  template <class T>
  Mat(MatView<T> v)  // NOLINT
      : data(const_cast<std::remove_const_t<T>*>(v.data)),
        type(DTypeOf<std::remove_const_t<T>>::value), rows(v.rows), cols(v.cols),
        stride(v.stride) {}

  /// The typed view; the type is checked.
  template <class T>
  MatView<T> as() const {
    RELATUM_CHECK(type == DTypeOf<std::remove_const_t<T>>::value);
    return {static_cast<T*>(data), rows, cols, stride};
  }
  std::byte* byte_at(int64_t r, int64_t c) const {
    return static_cast<std::byte*>(data) + size_t(r * stride + c) * size_of(type);
  }
  Mat rows_from(int64_t begin, int64_t count) const {
    Mat part(byte_at(begin, 0), type, count, cols, stride);
    if (begin + count == rows) part.spare = spare;
    return part;
  }
  Mat cols_from(int64_t begin, int64_t count) const {
    Mat part(byte_at(0, begin), type, rows, count, stride);
    part.spare = spare;
    return part;
  }
};

}  // namespace relatum
