// The beginning that all prompts of a job share, computed once and kept.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/worker.h"
#include "nn/cache.h"

namespace relatum::engine {

/// Tokens that prompts of one batch must share to be worth a segment of their own.
constexpr int64_t kWorthSharing = 16;

/// Keys and values of the first size() tokens of every row. The last token of a row is never part
/// of it, so that each row has a state of its own to answer from.
class SharedPrefix {
 public:
  /// Computes the cache; `extra_rows` cache rows are left behind it for the user's own tokens.
  SharedPrefix(Worker& worker, std::span<const std::vector<int32_t>> rows, int64_t extra_rows);

  int64_t size() const { return size_; }
  /// The size that it will have for these rows.
  static int64_t size_for(std::span<const std::vector<int32_t>> rows);
  nn::KvCache& cache() { return cache_; }
  uint64_t hash() const { return hash_; }
  /// Starts a tree of the batch behind the prefix.
  int root(nn::TokenBatch& batch) const;

 private:
  int64_t size_ = 0;
  uint64_t hash_ = 0;
  nn::KvCache cache_;
};

}  // namespace relatum::engine
