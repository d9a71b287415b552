// Keys and values of tokens that were computed before.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/buffer.h"

namespace relatum::nn {

/// Per layer and key head `capacity` rows of keys and of values, each K wide, in the compute type:
/// a head's rows lie together, as a query reads them one behind the other.
class KvCache {
 public:
  KvCache() = default;
  KvCache(int64_t layers, int64_t capacity, int64_t heads, int64_t head_size, DType type)
      : capacity_(capacity), heads_(heads), head_size_(head_size), type_(type),
        buffer_(size_t(2 * layers * capacity * heads * head_size) * size_of(type)) {}

  /// (G * capacity) x K: row r of head g is row g * capacity + r.
  Mat keys(int64_t layer) { return part(2 * layer); }
  Mat values(int64_t layer) { return part(2 * layer + 1); }
  int64_t capacity() const { return capacity_; }
  bool empty() const { return capacity_ == 0; }

 private:
  Mat part(int64_t index) {
    const int64_t rows = heads_ * capacity_;
    std::byte* start = buffer_.data() + size_t(index * rows * head_size_) * size_of(type_);
    return {start, type_, rows, head_size_};
  }
  int64_t capacity_ = 0, heads_ = 0, head_size_ = 0;
  DType type_ = DType::kF32;
  Buffer buffer_;
};

/// What a forward pass reads from a cache and writes to it.
struct CacheUse {
  KvCache* cache = nullptr;
  std::span<const int64_t> store;  ///< per token the row to write, or -1; empty: none
  /// Keys and values that the decoder has of the encoder's states, and per source token the row to
  /// write.
  KvCache* sources = nullptr;
  std::span<const int64_t> source_store;
};

}  // namespace relatum::nn
