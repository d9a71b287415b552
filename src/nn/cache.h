// Keys and values of tokens that were computed before.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/buffer.h"

namespace relatum::nn {

/// Per layer `capacity` rows of keys and of values, each W = G*K wide, in the compute type.
class KvCache {
 public:
  KvCache() = default;
  KvCache(int64_t layers, int64_t capacity, int64_t width, DType type)
      : layers_(layers), capacity_(capacity), width_(width), type_(type),
        buffer_(size_t(2 * layers * capacity * width) * size_of(type)) {}

  Mat keys(int64_t layer) const { return part(2 * layer); }
  Mat values(int64_t layer) const { return part(2 * layer + 1); }
  int64_t capacity() const { return capacity_; }
  bool empty() const { return capacity_ == 0; }

 private:
  Mat part(int64_t index) const {
    std::byte* start = buffer_.data() + size_t(index * capacity_ * width_) * size_of(type_);
    return {start, type_, capacity_, width_};
  }
  int64_t layers_ = 0, capacity_ = 0, width_ = 0;
  DType type_ = DType::kF32;
  Buffer buffer_;
};

/// What a forward pass reads from a cache and writes to it.
struct CacheUse {
  KvCache* cache = nullptr;
  std::span<const int64_t> store;  ///< per token the row to write, or -1; empty: none
};

}  // namespace relatum::nn
