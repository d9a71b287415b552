// The beginnings that prompts of a job share, computed once and kept.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/inputs.h"
#include "engine/worker.h"
#include "nn/cache.h"

namespace relatum::engine {

/// Tokens that prompts of one batch must share to be worth a segment of their own.
constexpr int64_t kWorthSharing = 16;

/// Of each of the worker's adapters, keys and values of the first size() tokens that all its
/// prompts share: they depend on the adapter, so two of them share none. The last token of a row is
/// never part of it, so that each row has a state of its own to answer from.
class SharedPrefixes {
 public:
  /// Computes the cache; `extra_rows` cache rows are left behind them for the user's own tokens.
  SharedPrefixes(Worker& worker, const Inputs& inputs, int64_t extra_rows);

  int64_t size(size_t adapter) const { return each_[adapter].rows.count; }
  /// Rows of the cache that they take; the user's own follow.
  int64_t rows() const { return rows_; }
  /// Per adapter the size that it will have for these prompts.
  static std::vector<int64_t> sizes_for(const Inputs& inputs, size_t adapters);
  nn::KvCache& cache() { return cache_; }
  /// Starts a tree of the batch behind the prefix of its adapter, which it names.
  int root(nn::TokenBatch& batch, size_t adapter) const;
  /// Where the adapter's prefix lies, as the beginning of a tree's cached rows; none: empty.
  std::vector<kernels::AttentionSpan> spans(size_t adapter) const;

 private:
  struct Prefix {
    kernels::AttentionSpan rows{0, 0, true};
    uint64_t hash = 0;
  };
  void compute(Worker& worker, const Inputs& inputs);

  const Worker& worker_;
  int64_t rows_ = 0;
  std::vector<Prefix> each_;  // per adapter
  nn::KvCache cache_;
};

}  // namespace relatum::engine
