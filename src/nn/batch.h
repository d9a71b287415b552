// A batch of token rows without padding: segments form a tree, shared beginnings stand once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/arena.h"
#include "kernels/attention.h"
#include "nn/adapter_rows.h"

namespace relatum::nn {

/// T tokens in segments. A segment sees its ancestors' tokens, the cached rows behind its root,
/// and its own (causally, or as a token tree). Only attention and positions look at the structure.
/// For a model with an encoder the batch has sources, too: rows for the encoder, whose states all
/// segments of a tree see (cross-attention).
class TokenBatch {
 public:
  explicit TokenBatch(bool causal = true) : causal_(causal) {}
  // Groups point into the batch's masks, which a move keeps in place.
  TokenBatch(TokenBatch&&) = default;
  TokenBatch& operator=(TokenBatch&&) = default;

  /// Starts a tree behind cached rows (none by default). `hash` identifies the cached tokens.
  /// Returns a handle for append().
  int root(std::span<const kernels::AttentionSpan> cached = {}, uint64_t hash = 0);
  /// Names the adapter that the tree of this root is computed with, before its first append(); for
  /// inference. Trees of one adapter should follow one another, so that its rows do. Keys and
  /// values depend on the adapter: cached rows have to be its own.
  void use_adapter(int root, const LoraSet* adapter);
  /// Adds a row for the encoder; returns its place among the sources. `adapter`: that of the trees
  /// that will read it, where they name one.
  kernels::AttentionSpan add_source(std::span<const int32_t> tokens,
                                    const LoraSet* adapter = nullptr);
  /// Lets the tree of this root see a source's states: one that was added, or one whose keys and
  /// values are cached.
  void read_source(int root, const kernels::AttentionSpan& source);
  /// Appends tokens behind segment or root `parent`; returns the new segment.
  int append(int parent, std::span<const int32_t> tokens);
  /// Appends a token tree: token i stands behind token ancestor[i] < i of the same call, or, where
  /// ancestor[i] is -1, behind the parent.
  int append_tree(int parent, std::span<const int32_t> tokens, std::span<const int32_t> ancestor);
  /// Settles the order of groups; to be called once, after the last append().
  void finish();

  int64_t size() const { return int64_t(tokens_.size()); }
  /// The encoder's tokens beside them.
  int64_t source_size() const { return sources_ ? sources_->size() : 0; }
  const std::vector<int32_t>& tokens() const { return tokens_; }
  const std::vector<int32_t>& positions() const { return positions_; }
  /// Per token a hash of itself and all tokens before it: the same wherever it stands in a batch.
  const std::vector<uint64_t>& keys() const { return keys_; }
  /// Those of some tokens, in the arena.
  std::span<const uint64_t> keys_of(std::span<const int64_t> rows, Arena& arena) const;
  /// The adapters that trees name, by their tokens: all tokens, in order; none: no tree names one.
  std::span<const AdapterRows> adapters() const { return adapters_; }
  /// The same of some tokens, in the arena.
  std::span<const AdapterRows> adapters_of(std::span<const int64_t> rows, Arena& arena) const;
  /// First token of a segment in the batch.
  int64_t begin(int segment) const { return segments_[size_t(segment)].begin; }
  int64_t end(int segment) const {
    return segments_[size_t(segment)].begin + segments_[size_t(segment)].count;
  }
  int32_t max_position() const;
  kernels::AttentionPlan plan() const { return {groups_, spans_, causal_, positions_}; }
  /// The encoder's rows; nullptr: none were added.
  const TokenBatch* sources() const { return sources_.get(); }
  /// What the segments see of the sources.
  kernels::AttentionPlan source_plan() const { return {source_groups_, source_spans_, false, {}}; }

 private:
  struct Segment {
    int64_t begin = 0, count = 0, position = 0;  // position of the first token
    int64_t root = 0;
    uint64_t hash = 0;                            // of all tokens up to the segment's end
    std::vector<kernels::AttentionSpan> context;  // of its children: cached rows, ancestors, itself
    int64_t source = -1;                          // its place in source_spans_
    const LoraSet* adapter = nullptr;
  };
  Segment& start(int parent, int64_t count, Segment& fresh);
  const LoraSet* adapter_of(int64_t token) const;
  void add_group(const Segment& segment, const std::vector<kernels::AttentionSpan>& above,
                 int64_t mask);

  bool causal_;
  std::vector<int32_t> tokens_, positions_;
  std::vector<uint64_t> keys_;
  std::vector<Segment> segments_;
  std::vector<AdapterRows> adapters_;
  bool adapters_named_ = false;
  std::vector<kernels::AttentionGroup> groups_;
  std::vector<kernels::AttentionSpan> spans_;
  std::vector<int64_t> mask_of_group_;  // offset into masks_, -1: none
  std::vector<uint8_t> masks_;
  std::unique_ptr<TokenBatch> sources_;
  std::vector<kernels::AttentionGroup> source_groups_;
  std::vector<kernels::AttentionSpan> source_spans_;
};

/// Extends the hash of a token sequence by one token.
uint64_t extend_hash(uint64_t hash, int32_t token);

}  // namespace relatum::nn
