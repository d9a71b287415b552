// SentencePiece's own library as the model at the end of the pipeline.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "text/piece_model.h"
#include "text/word_model.h"

namespace relatum::text {

/// Ids are those of `model`'s pieces. The library normalises by itself, so words are stretches of
/// text between added tokens.
class SentencePiece final : public WordModel {
 public:
  /// `keep_signs`: a word that begins with a space or its sign keeps it, though the library takes
  /// spaces away (transformers' slow tokenizers without "legacy"). Throws Error with `place` for
  /// what the library refuses.
  SentencePiece(const PieceModel& model, bool keep_signs, const std::string& place);
  ~SentencePiece() override;

  void encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const override;
  std::string decode(std::span<const std::string_view> tokens) const override;

 private:
  struct Processor;
  std::vector<int> ids_of(std::string_view text) const;

  std::unique_ptr<const Processor> processor_;
  std::unordered_set<std::string> control_;  // pieces that have no text
  std::string unk_;                          // the text of the unknown piece
  size_t unk_ids_ = 0;                       // how many ids that text has
  bool keep_signs_;
  std::string place_;
};

}  // namespace relatum::text
