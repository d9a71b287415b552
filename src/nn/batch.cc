// Builds the segments, positions, keys and attention groups of a batch.
#include "nn/batch.h"

#include <algorithm>

#include "base/error.h"
#include "base/rng.h"

namespace relatum::nn {

using kernels::AttentionGroup;
using kernels::AttentionSpan;

uint64_t extend_hash(uint64_t hash, int32_t token) {
  return mix64(hash + 0x9e3779b97f4a7c15ull + uint64_t(uint32_t(token)));
}

int TokenBatch::root(std::span<const AttentionSpan> cached, uint64_t hash) {
  Segment segment;
  segment.begin = size();
  segment.hash = hash;
  segment.root = int64_t(segments_.size());
  segment.context.assign(cached.begin(), cached.end());
  for (AttentionSpan& span : segment.context) {
    span.cached = true;
    segment.position += span.count;
  }
  segments_.push_back(std::move(segment));
  return int(segments_.size()) - 1;
}

void TokenBatch::use_adapter(int root, const LoraSet* adapter) {
  segments_[size_t(root)].adapter = adapter;
  adapters_named_ |= adapter != nullptr;
}

AttentionSpan TokenBatch::add_source(std::span<const int32_t> tokens, const LoraSet* adapter) {
  if (!sources_) sources_ = std::make_unique<TokenBatch>(false);
  const int root = sources_->root();
  sources_->use_adapter(root, adapter);
  const int segment = sources_->append(root, tokens);
  return {sources_->begin(segment), int64_t(tokens.size()), false};
}

void TokenBatch::read_source(int root, const AttentionSpan& source) {
  Segment& segment = segments_[size_t(root)];
  RELATUM_CHECK(source.count > 0);
  RELATUM_CHECK(source.cached || sources_->adapter_of(source.begin) == segment.adapter);
  segment.source = int64_t(source_spans_.size());
  source_spans_.push_back(source);
  // What the tree's tokens are told apart by begins with the source's.
  if (!source.cached) {
    segment.hash = mix64(segment.hash ^ sources_->keys_[size_t(source.begin + source.count - 1)]);
  }
}

void TokenBatch::add_group(const Segment& segment, const std::vector<AttentionSpan>& above,
                           int64_t mask) {
  AttentionGroup group;
  group.begin = segment.begin;
  group.count = segment.count;
  group.root = segment.root;
  group.first_span = int64_t(spans_.size());
  spans_.insert(spans_.end(), above.begin(), above.end());
  spans_.push_back({segment.begin, segment.count, false});
  group.span_count = int64_t(spans_.size()) - group.first_span;
  groups_.push_back(group);
  mask_of_group_.push_back(mask);
  if (segment.source < 0 || segment.count == 0) return;
  group.first_span = segment.source;
  group.span_count = 1;
  source_groups_.push_back(group);
}

TokenBatch::Segment& TokenBatch::start(int parent, int64_t count, Segment& fresh) {
  Segment& above = segments_[size_t(parent)];
  fresh.begin = size();
  fresh.count = count;
  fresh.position = above.position + above.count;
  fresh.root = above.root;
  fresh.hash = above.hash;
  fresh.source = above.source;
  fresh.adapter = above.adapter;
  append_rows(adapters_, count, above.adapter);
  fresh.context = above.context;
  fresh.context.push_back({fresh.begin, count, false});
  return above;
}

int TokenBatch::append(int parent, std::span<const int32_t> tokens) {
  Segment segment;
  const Segment& above = start(parent, int64_t(tokens.size()), segment);
  add_group(segment, above.context, -1);
  int32_t position = int32_t(segment.position);
  for (const int32_t token : tokens) {
    segment.hash = extend_hash(segment.hash, token);
    tokens_.push_back(token);
    positions_.push_back(position++);
    keys_.push_back(segment.hash);
  }
  segments_.push_back(std::move(segment));
  return int(segments_.size()) - 1;
}

int TokenBatch::append_tree(int parent, std::span<const int32_t> tokens,
                            std::span<const int32_t> ancestor) {
  const size_t n = tokens.size();
  Segment segment;
  const Segment& above = start(parent, int64_t(n), segment);
  const int64_t mask = int64_t(masks_.size());
  add_group(segment, above.context, mask);
  masks_.resize(masks_.size() + n * n, 0);
  for (size_t i = 0; i < n; ++i) {
    const int32_t a = ancestor[i];
    RELATUM_CHECK(a < int32_t(i));
    uint8_t* row = masks_.data() + size_t(mask) + i * n;
    if (a >= 0) std::copy_n(masks_.data() + size_t(mask) + size_t(a) * n, n, row);
    row[i] = 1;
    const size_t at = size_t(segment.begin) + size_t(std::max(a, 0));
    tokens_.push_back(tokens[i]);
    positions_.push_back(a < 0 ? int32_t(segment.position) : positions_[at] + 1);
    keys_.push_back(extend_hash(a < 0 ? segment.hash : keys_[at], tokens[i]));
  }
  segments_.push_back(std::move(segment));
  return int(segments_.size()) - 1;
}

void TokenBatch::finish() {
  for (size_t g = 0; g < groups_.size(); ++g) {
    if (mask_of_group_[g] >= 0) groups_[g].mask = masks_.data() + mask_of_group_[g];
  }
  std::erase_if(groups_, [](const AttentionGroup& g) { return g.count == 0; });
  const auto by_root = [](const auto& a, const auto& b) { return a.root < b.root; };
  std::stable_sort(groups_.begin(), groups_.end(), by_root);
  std::stable_sort(source_groups_.begin(), source_groups_.end(), by_root);
  if (!adapters_named_) adapters_.clear();
  if (sources_) sources_->finish();
}

const LoraSet* TokenBatch::adapter_of(int64_t token) const {
  const auto behind = std::upper_bound(
      adapters_.begin(), adapters_.end(), token,
      [](int64_t at, const AdapterRows& rows) { return at < rows.begin; });
  return behind == adapters_.begin() ? nullptr : std::prev(behind)->adapter;
}

std::span<const AdapterRows> TokenBatch::adapters_of(std::span<const int64_t> rows,
                                                     Arena& arena) const {
  if (adapters_.empty() || rows.empty()) return {};
  auto* stretches = arena.allocate_array<AdapterRows>(int64_t(rows.size()));
  size_t count = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const LoraSet* adapter = adapter_of(rows[i]);
    if (count > 0 && stretches[count - 1].adapter == adapter) {
      ++stretches[count - 1].count;
    } else {
      stretches[count++] = {int64_t(i), 1, adapter};
    }
  }
  return {stretches, count};
}

std::span<const uint64_t> TokenBatch::keys_of(std::span<const int64_t> rows, Arena& arena) const {
  auto* keys = arena.allocate_array<uint64_t>(int64_t(rows.size()));
  for (size_t i = 0; i < rows.size(); ++i) keys[i] = keys_[size_t(rows[i])];
  return {keys, rows.size()};
}

int32_t TokenBatch::max_position() const {
  return positions_.empty() ? 0 : *std::max_element(positions_.begin(), positions_.end());
}

}  // namespace relatum::nn
