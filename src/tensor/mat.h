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

/// A MatView whose element type is known at run time only; of values that may be written (Void is
/// void) or are only read (const void).
template <class Void>
struct AnyMat {
  static constexpr bool kReadOnly = std::is_const_v<Void>;
  template <class T>
  using Element = std::conditional_t<kReadOnly, const T, T>;

  Void* data = nullptr;
  DType type = DType::kF32;
  int64_t rows = 0, cols = 0, stride = 0;
  int64_t spare = 0;  ///< rows of memory behind the last one that may be read and overwritten

  AnyMat() = default;
  AnyMat(Void* d, DType t, int64_t r, int64_t c) : data(d), type(t), rows(r), cols(c), stride(c) {}
  AnyMat(Void* d, DType t, int64_t r, int64_t c, int64_t s)
      : data(d), type(t), rows(r), cols(c), stride(s) {}
  template <class T>
  requires(kReadOnly || !std::is_const_v<T>) AnyMat(MatView<T> v)  // NOLINT
      : data(v.data), type(DTypeOf<std::remove_const_t<T>>::value), rows(v.rows), cols(v.cols),
        stride(v.stride) {}
  /// One that may be written serves where one that is read is asked for.
  operator AnyMat<const void>() const  // NOLINT
      requires(!kReadOnly) {
    AnyMat<const void> view(data, type, rows, cols, stride);
    view.spare = spare;
    return view;
  }

  /// The typed view, of const values where this one is read only; the type is checked.
  template <class T>
  MatView<Element<T>> as() const {
    RELATUM_CHECK(type == DTypeOf<std::remove_const_t<T>>::value);
    return {static_cast<Element<T>*>(data), rows, cols, stride};
  }
  Element<std::byte>* byte_at(int64_t r, int64_t c) const {
    return static_cast<Element<std::byte>*>(data) + size_t(r * stride + c) * size_of(type);
  }
  AnyMat rows_from(int64_t begin, int64_t count) const {
    AnyMat part(byte_at(begin, 0), type, count, cols, stride);
    if (begin + count == rows) part.spare = spare;
    return part;
  }
  AnyMat cols_from(int64_t begin, int64_t count) const {
    AnyMat part(byte_at(0, begin), type, rows, count, stride);
    part.spare = spare;
    return part;
  }
};
using Mat = AnyMat<void>;
using ConstMat = AnyMat<const void>;

}  // namespace relatum
