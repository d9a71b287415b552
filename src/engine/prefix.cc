// One forward pass over the shared tokens.
#include "engine/prefix.h"

#include <numeric>

#include "base/signals.h"
#include "nn/shared_beginnings.h"

namespace relatum::engine {
namespace {

constexpr int64_t kWorthKeeping = 8;  // tokens; below that a cache costs more than it saves

}  // namespace

int64_t SharedPrefix::size_for(std::span<const std::vector<int32_t>> rows) {
  std::vector<std::span<const int32_t>> views;
  for (const auto& row : rows) views.emplace_back(row.data(), row.empty() ? 0 : row.size() - 1);
  const int64_t shared = rows.size() > 1 ? nn::common_beginning(views) : 0;
  return shared >= kWorthKeeping ? shared : 0;
}

SharedPrefix::SharedPrefix(Worker& worker, std::span<const std::vector<int32_t>> rows,
                           int64_t extra_rows)
    : size_(size_for(rows)) {
  if (size_ + extra_rows == 0) return;
  const arch::ModelInfo& info = worker.model().info();
  cache_ = nn::KvCache(info.layers, size_ + extra_rows, info.kv_heads, info.head_size,
                       worker.session().compute());
  if (size_ == 0) return;
  const SignalsHeld held;
  nn::TokenBatch batch;
  batch.append(batch.root(), std::span(rows[0]).first(size_t(size_)));
  batch.finish();
  hash_ = batch.keys().back();
  std::vector<int64_t> store(static_cast<size_t>(size_));
  std::iota(store.begin(), store.end(), int64_t{0});
  const int64_t last = size_ - 1;
  nn::Graph graph = worker.graph();
  worker.model().forward(
      graph, batch, {.rows = {&last, 1}, .cache = {&cache_, store}, .adapter = worker.adapter()});
}

int SharedPrefix::root(nn::TokenBatch& batch) const {
  if (size_ == 0) return batch.root();
  const kernels::AttentionSpan span{0, size_, true};
  return batch.root({&span, 1}, hash_);
}

}  // namespace relatum::engine
