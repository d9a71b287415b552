// Byte-level byte-pair encoding (Sennrich et al. 2016; GPT-2's byte alphabet).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/merge_table.h"
#include "text/vocabulary.h"
#include "text/word_model.h"

namespace relatum::text {

struct BpeOptions {
  std::optional<int32_t> unk;  ///< stands for a byte that has no token; absent: it is dropped
  bool fuse_unk = false;       ///< one unk for several such bytes in a row
  bool byte_fallback = false;  ///< tokens "<0xC4>" stand for such a byte, if they exist
  bool ignore_merges = false;  ///< a word that is a token needs no merges (Llama 3)
};

/// A pair of token texts, in the order of their rank.
using Merges = std::vector<std::pair<std::string_view, std::string_view>>;

/// The vocabulary must outlive the model. O(n log n) in the length of a word.
class ByteBpe final : public WordModel {
 public:
  /// Throws Error naming `place` for a merge whose parts or result are no tokens.
  ByteBpe(const Vocabulary& vocabulary, const Merges& merges, BpeOptions options,
          const std::string& place);

  void encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const override;
  std::string decode(std::span<const std::string_view> tokens) const override;

 private:
  class Word;
  void spell(std::string_view word, Word& symbols) const;

  const Vocabulary& vocabulary_;
  BpeOptions options_;
  MergeTable merges_;
  std::array<int32_t, 256> byte_ids_{};              // -1: the byte has no token
  std::array<std::vector<int32_t>, 256> fallbacks_;  // for such bytes, with byte_fallback
};

/// GPT-2's printable spelling of bytes: "Ġ" for a space and so on.
std::string spell_bytes(std::string_view bytes);

}  // namespace relatum::text
