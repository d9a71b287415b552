// The owner of a block of memory, aligned for the widest vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "tensor/mat.h"

namespace relatum {

/// Move-only; 64-byte aligned; not initialised unless zero() is called.
class Buffer {
 public:
  static constexpr std::align_val_t kAlignment{64};

  Buffer() = default;
  explicit Buffer(size_t bytes)
      : data_(static_cast<std::byte*>(::operator new(bytes ? bytes : 1, kAlignment))),
        size_(bytes) {}

  size_t size() const { return size_; }
  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  template <class T>
  T* as() {
    return reinterpret_cast<T*>(data_.get());
  }
  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(data_.get());
  }
  void zero() {
    if (size_) std::memset(data_.get(), 0, size_);
  }
  Buffer copy() const {
    Buffer other(size_);
    if (size_) std::memcpy(other.data(), data(), size_);
    return other;
  }

 private:
  struct Free {
    void operator()(std::byte* p) const { ::operator delete(p, kAlignment); }
  };
  std::unique_ptr<std::byte, Free> data_;
  size_t size_ = 0;
};

/// A matrix that owns its values, rows packed.
template <class T>
class Matrix {
 public:
  Matrix() = default;
  Matrix(int64_t rows, int64_t cols)
      : buffer_(size_t(rows * cols) * sizeof(T)), rows_(rows), cols_(cols) {}
  MatView<T> view() { return {buffer_.template as<T>(), rows_, cols_}; }
  MatView<const T> view() const { return {buffer_.template as<T>(), rows_, cols_}; }
  T* row(int64_t i) { return buffer_.template as<T>() + i * cols_; }
  const T* row(int64_t i) const { return buffer_.template as<T>() + i * cols_; }
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  void zero() { buffer_.zero(); }

 private:
  Buffer buffer_;
  int64_t rows_ = 0, cols_ = 0;
};

}  // namespace relatum
