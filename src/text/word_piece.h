// WordPiece (Schuster & Nakajima 2012), as BERT uses it: longest match first.
#pragma once

#include <cstddef>
#include <string>

#include "text/vocabulary.h"
#include "text/word_model.h"

namespace relatum::text {

struct WordPieceOptions {
  int32_t unk = 0;            ///< stands for a word that cannot be built
  std::string prefix = "##";  ///< of pieces inside a word
  size_t longest_word = 100;  ///< characters; a longer word is unk
  bool clean_up = true;       ///< decode() closes the gaps before punctuation and contractions
};

/// The vocabulary must outlive the model.
class WordPiece final : public WordModel {
 public:
  WordPiece(const Vocabulary& vocabulary, WordPieceOptions options);

  void encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const override;
  std::string decode(std::span<const std::string_view> tokens) const override;

 private:
  bool encode_word(std::string_view word, std::string& buffer, std::vector<int32_t>& ids) const;

  const Vocabulary& vocabulary_;
  WordPieceOptions options_;
  size_t longest_token_ = 0;  // bytes; nothing longer needs looking up
};

}  // namespace relatum::text
