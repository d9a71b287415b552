// SentencePiece's Unigram model (Kudo 2018): the cut of a word whose pieces have the largest sum of
// scores.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/piece_trie.h"
#include "text/vocabulary.h"
#include "text/word_model.h"

namespace relatum::text {

struct UnigramOptions {
  int32_t unk = 0;             ///< stands for a run of characters that no piece covers
  double unk_score = 0;        ///< of each such character
  bool byte_fallback = false;  ///< tokens "<0xC4>" stand for such a run instead, if all exist
};

/// Of ways with equal sums to end at one place that whose last piece is longest, as Hugging Face's
/// and llama.cpp's search have it. Linear in a word's length, times the longest piece that fits.
class Unigram final : public WordModel {
 public:
  /// `pieces` that words are built of; `scores` by id.
  Unigram(const Vocabulary& vocabulary, std::vector<PieceTrie::Piece> pieces,
          std::vector<double> scores, UnigramOptions options);

  void encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const override;

 private:
  struct Node;
  void search(std::string_view word, std::vector<Node>& best) const;
  void append_unk(std::string_view run, std::vector<int32_t>& ids) const;

  PieceTrie trie_;
  std::vector<double> scores_;
  UnigramOptions options_;
  std::array<int32_t, 256> byte_ids_{};  // -1: the byte has no token
};

}  // namespace relatum::text
