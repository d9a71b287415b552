// Finds added tokens ("<|im_end|>", "[SEP]") in text, as Hugging Face tokenizers does.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/data_range.h"

namespace relatum::text {

/// One added token as tokenizer.json describes it.
struct AddedToken {
  int32_t id = 0;
  std::string content;
  bool special = false;      ///< skipped by decode()
  bool normalized = false;   ///< looked for in the normalised text instead of the raw one
  bool single_word = false;  ///< only where no word character touches it
  bool lstrip = false;       ///< takes the white space before it
  bool rstrip = false;       ///< takes the white space behind it
};

/// A stretch of text: either an added token (id >= 0) or text between them (id -1).
struct Stretch {
  int32_t id;
  std::string_view text;
};

/// Matches a set of added tokens, the leftmost first, of those the longest.
class AddedTokenMatcher {
 public:
  /// Adds `token`, to be looked for as `pattern`; an empty pattern is never found.
  void add(const AddedToken& token, std::string_view pattern);
  bool empty() const { return tokens_.empty(); }

  /// Whether one of the tokens is special.
  bool has_special() const { return has_special_; }

  /// Cuts valid UTF-8 into stretches that cover it; empty text gives none. Special tokens are not
  /// found where they touch `data`.
  std::vector<Stretch> split(std::string_view text, std::span<const DataRange> data = {}) const;

 private:
  struct Match {
    size_t end = 0;
    int32_t token = -1;
  };
  Match longest_at(std::string_view text, size_t at, std::span<const DataRange> data) const;

  std::vector<AddedToken> tokens_;
  bool has_special_ = false;
  std::array<bool, 256> begins_{};  // bytes that some token begins with
  // A byte trie: (node << 8 | byte) → node; ends_[node] is the token that ends there or -1.
  std::unordered_map<uint64_t, uint32_t> edges_;
  std::vector<int32_t> ends_ = {-1};
};

}  // namespace relatum::text
