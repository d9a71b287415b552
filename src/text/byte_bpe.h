// Byte-level byte-pair encoding (Sennrich et al. 2016; GPT-2's byte alphabet).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "text/bpe.h"
#include "text/word_model.h"

namespace relatum::text {

/// The vocabulary must outlive the model. O(n log n) in the length of a word.
class ByteBpe final : public WordModel {
 public:
  /// Throws Error naming `place` for a merge whose parts or result are no tokens.
  ByteBpe(const Vocabulary& vocabulary, const Merges& merges, BpeOptions options,
          const std::string& place);
  ByteBpe(const Vocabulary& vocabulary, MergeTable merges, BpeOptions options);

  void encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const override;
  std::string decode(std::span<const std::string_view> tokens) const override;

 private:
  void spell(std::string_view word, MergeWord& symbols) const;

  const Vocabulary& vocabulary_;
  BpeOptions options_;
  MergeTable merges_;
  std::array<int32_t, 256> byte_ids_{};              // -1: the byte has no token
  std::array<std::vector<int32_t>, 256> fallbacks_;  // for such bytes, with byte_fallback
};

/// GPT-2's printable spelling of bytes: "Ġ" for a space and so on.
std::string spell_bytes(std::string_view bytes);

}  // namespace relatum::text
