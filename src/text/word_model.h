// What turns one word into ids: the model at the end of a tokenizer's pipeline.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::text {

/// Immutable, so that threads may share it. One subclass and one file per kind.
class WordModel {
 public:
  virtual ~WordModel() = default;
  /// Appends the ids of `words` (valid UTF-8, none empty), one word after the other.
  virtual void encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const = 0;
  /// The text of `tokens` in the vocabulary's spelling; special tokens are already gone. Not asked
  /// where the tokenizer has a decoder of its own. Here: the tokens, one after the other.
  virtual std::string decode(std::span<const std::string_view> tokens) const {
    std::string text;
    for (const std::string_view token : tokens) text += token;
    return text;
  }
};

}  // namespace relatum::text
