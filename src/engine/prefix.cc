// One forward pass over the shared tokens of all adapters.
#include "engine/prefix.h"

#include <numeric>

#include "base/signals.h"
#include "nn/shared_beginnings.h"

namespace relatum::engine {
namespace {

constexpr int64_t kWorthKeeping = 8;  // tokens; below that a cache costs more than it saves

}  // namespace

std::vector<int64_t> SharedPrefixes::sizes_for(const Inputs& inputs, size_t adapters) {
  std::vector<int64_t> sizes(adapters, 0);
  if (inputs.encoded()) return sizes;
  for (const AdapterPrompts& own : inputs.by_adapter(0, inputs.size())) {
    if (own.prompts.size() < 2) continue;
    std::vector<std::span<const int32_t>> views;
    for (const size_t prompt : own.prompts) {
      const auto row = inputs.row(prompt);
      views.push_back(row.first(row.empty() ? 0 : row.size() - 1));
    }
    const int64_t shared = nn::common_beginning(views);
    if (shared >= kWorthKeeping) sizes[own.adapter] = shared;
  }
  return sizes;
}

SharedPrefixes::SharedPrefixes(Worker& worker, const Inputs& inputs, int64_t extra_rows)
    : worker_(worker), each_(worker.adapters()) {
  const std::vector<int64_t> sizes = sizes_for(inputs, each_.size());
  for (size_t i = 0; i < each_.size(); ++i) {
    each_[i].rows.begin = rows_;
    each_[i].rows.count = sizes[i];
    rows_ += sizes[i];
  }
  if (rows_ + extra_rows == 0) return;
  const arch::ModelInfo& info = worker.model().info();
  cache_ = nn::KvCache(info.layers, rows_ + extra_rows, info.kv_heads, info.head_size,
                       worker.session().compute());
  if (rows_ > 0) compute(worker, inputs);
}

void SharedPrefixes::compute(Worker& worker, const Inputs& inputs) {
  const SignalsHeld held;
  nn::TokenBatch batch;
  std::vector<int64_t> last;
  std::vector<Prefix*> begun;
  for (const AdapterPrompts& own : inputs.by_adapter(0, inputs.size())) {
    Prefix& prefix = each_[own.adapter];
    if (prefix.rows.count == 0) continue;
    const int root = batch.root();
    batch.use_adapter(root, worker.adapter(own.adapter));
    batch.append(root, inputs.row(own.prompts[0]).first(size_t(prefix.rows.count)));
    last.push_back(batch.size() - 1);
    begun.push_back(&prefix);
  }
  batch.finish();
  for (size_t i = 0; i < begun.size(); ++i) begun[i]->hash = batch.keys()[size_t(last[i])];
  std::vector<int64_t> store(static_cast<size_t>(rows_));
  std::iota(store.begin(), store.end(), int64_t{0});
  nn::Graph graph = worker.graph();
  worker.model().forward(graph, batch, {.rows = last, .cache = {&cache_, store}});
}

int SharedPrefixes::root(nn::TokenBatch& batch, size_t adapter) const {
  const Prefix& prefix = each_[adapter];
  const int root = batch.root(spans(adapter), prefix.hash);
  batch.use_adapter(root, worker_.adapter(adapter));
  return root;
}

std::vector<kernels::AttentionSpan> SharedPrefixes::spans(size_t adapter) const {
  if (size(adapter) == 0) return {};
  return {each_[adapter].rows};
}

}  // namespace relatum::engine
