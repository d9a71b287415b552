// Whether a sentence ends at a place where it might.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "graph/sentence_words.h"

namespace relatum::graph {

/// Judges places in one block.
class BreakRules {
 public:
  BreakRules(std::u32string_view text, const SentenceWords& words) : text_(text), words_(words) {}

  /// Whether a sentence ends in front of `at`, where the last one is known to begin at `last`. ICU
  /// or hidden_start() thinks so.
  bool ends_before(size_t at, size_t last) const;

  /// Where a sentence may begin although ICU does not say so, looked at from `at`, which holds a
  /// full stop, question or exclamation mark or "…"; 0 where none does. Behind notes, "[3]" or
  /// digits set high, which stand where a blank would; behind "…" and blanks.
  size_t hidden_start(size_t at) const;

 private:
  bool stop_ends(size_t stop, size_t next, size_t last) const;
  bool after_abbreviation(Abbreviation kind, size_t next) const;
  bool is_number_like(size_t next) const;
  bool after_initial(size_t start, size_t next) const;
  bool is_spoken_on(size_t closed, size_t next) const;
  bool begins(size_t next) const;
  bool is_capital(size_t at) const;
  size_t skip_blanks(size_t at) const;
  size_t word_end(size_t at) const;
  std::string word(size_t start, size_t end) const;
  size_t token_start(size_t stop) const;
  size_t behind_openers(size_t at) const;
  std::string previous_word(size_t before) const;

  std::u32string_view text_;
  const SentenceWords& words_;
};

}  // namespace relatum::graph
