// Prompts as a model takes them in: where they are read, and what answers follow.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/worker.h"
#include "nn/batch.h"
#include "nn/cache.h"

namespace relatum::engine {

/// A language model reads prompts itself, and answers follow their last token. An encoder-decoder
/// encodes each prompt by itself, and answers follow the decoder's start token. The prompts must
/// outlive it.
class Inputs {
 public:
  Inputs(const arch::ModelInfo& info, std::span<const std::vector<int32_t>> prompts)
      : prompts_(prompts), encoded_(info.encoder_layers > 0), start_{info.decoder_start} {}

  bool encoded() const { return encoded_; }
  /// The tokens before the answer to a prompt, at least one.
  std::span<const int32_t> row(size_t prompt) const {
    return encoded_ ? std::span<const int32_t>(start_) : prompts_[prompt];
  }
  /// Those of them that prompts may have in common and that a cache may keep for all.
  std::span<const std::vector<int32_t>> shareable() const {
    return encoded_ ? std::span<const std::vector<int32_t>>() : prompts_;
  }
  /// Tokens that the encoder computes of a prompt.
  int64_t source_tokens(size_t prompt) const {
    return encoded_ ? int64_t(prompts_[prompt].size()) : 0;
  }
  /// Tokens that are computed of a prompt, without what follows.
  int64_t tokens(size_t prompt) const {
    return source_tokens(prompt) + int64_t(row(prompt).size());
  }
  /// The longest row that the model computes for a prompt with `answer` tokens fed behind it.
  int64_t longest_row(size_t prompt, int64_t answer) const;
  /// Lets the tree of this root see its prompt, where prompts are encoded.
  void read(nn::TokenBatch& batch, int root, size_t prompt) const {
    if (encoded_) batch.read_source(root, batch.add_source(prompts_[prompt]));
  }

 private:
  std::span<const std::vector<int32_t>> prompts_;
  bool encoded_;
  int32_t start_[1];
};

/// Keys and values that an encoder-decoder's decoder has of encoded prompts, for pass after pass
/// over one batch of them. Of a language model it is empty and does nothing.
class EncodedPrompts {
 public:
  /// rows: the most tokens of a batch's prompts.
  EncodedPrompts(const Worker& worker, const Inputs& inputs, int64_t rows);

  /// Begins a batch of the prompts [begin, end).
  void start(size_t begin, size_t end);
  /// Adds a prompt to the batch's first pass, read by the tree of this root.
  void encode(nn::TokenBatch& batch, int root, size_t prompt);
  /// Lets a tree of a later pass see what was encoded of a prompt.
  void read(nn::TokenBatch& batch, int root, size_t prompt) const;
  /// Adds to what a pass over the batch reads and writes.
  void use_in(nn::CacheUse& use, const nn::TokenBatch& batch);

 private:
  const Inputs& inputs_;
  nn::KvCache cache_;
  size_t first_ = 0;
  std::vector<kernels::AttentionSpan> spans_;  // per prompt of the batch: its rows of the cache
  std::vector<int64_t> store_;
};

}  // namespace relatum::engine
