// Byte-pair encoding over characters, as SentencePiece's models are converted to tokenizer.json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/bpe.h"
#include "text/word_model.h"

namespace relatum::text {

/// A character that has no token is spelt by the tokens of its bytes ("<0xC4>"), or is unk. The
/// vocabulary must outlive the model. O(n log n) in the length of a word.
class CharBpe final : public WordModel {
 public:
  /// No text becomes a token of `apart` (unk aside): these are the control tokens, which the
  /// pipeline finds beforehand. Throws Error naming `place` for a merge whose parts or result are
  /// no tokens.
  CharBpe(const Vocabulary& vocabulary, const Merges& merges, BpeOptions options, ApartIds apart,
          const std::string& place);

  void encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const override;

 private:
  void spell(std::string_view word, MergeWord& symbols) const;
  std::optional<int32_t> find(std::string_view token) const;

  const Vocabulary& vocabulary_;
  BpeOptions options_;
  ApartIds apart_;
  MergeTable merges_;
};

}  // namespace relatum::text
