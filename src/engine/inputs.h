// Prompts as a model takes them in: where they are read, by which adapter, and what answers follow.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/worker.h"
#include "nn/batch.h"
#include "nn/cache.h"

namespace relatum::engine {

/// Prompts as rows of tokens, and per prompt the place of its adapter among the worker's.
struct PromptRows {
  using Tokens = std::span<const std::vector<int32_t>>;

  PromptRows() = default;
  /// All of the worker's first adapter, as most workers have one.
  template <class Rows>
  requires std::convertible_to<const Rows&, Tokens> PromptRows(const Rows& rows)  // NOLINT
      : tokens(rows) {}
  PromptRows(Tokens rows, std::span<const uint32_t> own) : tokens(rows), adapters(own) {}

  Tokens tokens;
  std::span<const uint32_t> adapters;  ///< empty: the first one's

  size_t size() const { return tokens.size(); }
  size_t adapter(size_t prompt) const { return adapters.empty() ? 0 : adapters[prompt]; }
};

/// Prompts of one adapter, by their numbers, in their order.
struct AdapterPrompts {
  size_t adapter = 0;
  std::vector<size_t> prompts;
};

/// A language model reads prompts itself, and answers follow their last token. An encoder-decoder
/// encodes each prompt by itself, and answers follow the decoder's start token. The prompts must
/// outlive it.
class Inputs {
 public:
  Inputs(const arch::ModelInfo& info, const PromptRows& prompts)
      : prompts_(prompts), encoded_(info.encoder_layers > 0), start_{info.decoder_start} {}

  size_t size() const { return prompts_.size(); }
  bool encoded() const { return encoded_; }
  size_t adapter(size_t prompt) const { return prompts_.adapter(prompt); }
  /// Prompts [begin, end) adapter by adapter: only what one adapter reads can be shared, and rows
  /// of one stand together in a batch.
  std::vector<AdapterPrompts> by_adapter(size_t begin, size_t end) const;
  /// The tokens of a prompt as they were given.
  std::span<const int32_t> prompt(size_t number) const { return prompts_.tokens[number]; }
  /// The tokens before the answer to a prompt, at least one.
  std::span<const int32_t> row(size_t prompt) const {
    return encoded_ ? std::span<const int32_t>(start_) : prompts_.tokens[prompt];
  }
  /// Tokens that the encoder computes of a prompt.
  int64_t source_tokens(size_t prompt) const {
    return encoded_ ? int64_t(prompts_.tokens[prompt].size()) : 0;
  }
  /// Tokens that are computed of a prompt, without what follows.
  int64_t tokens(size_t prompt) const {
    return source_tokens(prompt) + int64_t(row(prompt).size());
  }
  /// The longest row that the model computes for a prompt with `answer` tokens fed behind it.
  int64_t longest_row(size_t prompt, int64_t answer) const;
  /// Lets the tree of this root, which names the prompt's `adapter`, see its prompt, where prompts
  /// are encoded.
  void read(nn::TokenBatch& batch, int root, size_t prompt,
            const nn::LoraSet* adapter = nullptr) const {
    if (!encoded_) return;
    batch.read_source(root, batch.add_source(prompts_.tokens[prompt], adapter));
  }

 private:
  PromptRows prompts_;
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
  const Worker& worker_;
  const Inputs& inputs_;
  nn::KvCache cache_;
  size_t first_ = 0;
  std::vector<kernels::AttentionSpan> spans_;  // per prompt of the batch: its rows of the cache
  std::vector<int64_t> store_;
};

}  // namespace relatum::engine
