// What is encoded of a batch of prompts, and where it lies.
#include "engine/inputs.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace relatum::engine {

int64_t Inputs::longest_row(size_t prompt, int64_t answer) const {
  return std::max(source_tokens(prompt), int64_t(row(prompt).size()) + answer);
}

std::vector<AdapterPrompts> Inputs::by_adapter(size_t begin, size_t end) const {
  std::map<size_t, std::vector<size_t>> prompts;
  for (size_t i = begin; i < end; ++i) prompts[adapter(i)].push_back(i);
  std::vector<AdapterPrompts> all;
  for (auto& [adapter, own] : prompts) all.push_back({adapter, std::move(own)});
  return all;
}

EncodedPrompts::EncodedPrompts(const Worker& worker, const Inputs& inputs, int64_t rows)
    : worker_(worker), inputs_(inputs) {
  if (!inputs.encoded()) return;
  const arch::ModelInfo& info = worker.model().info();
  cache_ = nn::KvCache(info.layers, rows, info.kv_heads, info.head_size,
                       worker.session().compute());
}

void EncodedPrompts::start(size_t begin, size_t end) {
  first_ = begin;
  spans_.assign(end - begin, {});
  store_.clear();
}

void EncodedPrompts::encode(nn::TokenBatch& batch, int root, size_t prompt) {
  if (!inputs_.encoded()) return;
  inputs_.read(batch, root, prompt, worker_.adapter(inputs_.adapter(prompt)));
  const auto begin = int64_t(store_.size());
  store_.resize(size_t(batch.sources()->size()));
  std::iota(store_.begin() + begin, store_.end(), begin);
  spans_[prompt - first_] = {begin, int64_t(store_.size()) - begin, true};
}

void EncodedPrompts::read(nn::TokenBatch& batch, int root, size_t prompt) const {
  if (inputs_.encoded()) batch.read_source(root, spans_[prompt - first_]);
}

void EncodedPrompts::use_in(nn::CacheUse& use, const nn::TokenBatch& batch) {
  if (!inputs_.encoded()) return;
  use.sources = &cache_;
  if (batch.sources()) use.source_store = store_;
}

}  // namespace relatum::engine
