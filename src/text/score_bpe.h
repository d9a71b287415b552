// SentencePiece's byte-pair encoding, in which a piece's score says which pair is merged first.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "text/bpe.h"
#include "text/word_model.h"

namespace relatum::text {

/// Pairs of neighbours whose texts together are a piece are merged, that of the highest score first
/// and the leftmost of equals (llama.cpp's tokenizer "llama"; SentencePiece's bpe_model).
/// Characters that end up as no piece are spelt by their bytes' tokens, else unk, else dropped. The
/// vocabulary must outlive the model. O(n log n) in the length of a word.
class ScoreBpe final : public WordModel {
 public:
  /// `scores` by id, finite. No text becomes a token of `apart`.
  ScoreBpe(const Vocabulary& vocabulary, std::vector<float> scores, ApartIds apart,
           std::optional<int32_t> unk);

  void encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const override;

 private:
  class Word;
  std::optional<int32_t> find(std::string_view piece) const;
  void append(std::string_view symbol, std::vector<int32_t>& ids) const;

  const Vocabulary& vocabulary_;
  std::vector<float> scores_;
  ApartIds apart_;
  std::optional<int32_t> unk_;
  std::array<int32_t, 256> byte_ids_{};  // -1: the byte has no token
  size_t longest_ = 0;                   // bytes; nothing longer needs looking up
};

}  // namespace relatum::text
