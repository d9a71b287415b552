// Words as names are compared by: what counts of a text, and what does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::graph {

/// A word of a text, or a sign.
struct NameWord {
  std::string exact;           ///< NFKC, without accents where those do not count
  std::string folded;          ///< the same in Unicode's folded case
  int64_t start = 0, end = 0;  ///< in code points
  size_t start_byte = 0, end_byte = 0;
  bool after_gap = false;  ///< no name goes on here: behind an empty line or a tab
};

/// Cuts a text, valid UTF-8, by these rules:
/// - A word is a run of letters, marks and digits; characters without width within it (soft
///   hyphens, joiners) do not count. In writing without blanks (Han, Kana, Thai, Lao, Khmer,
///   Burmese) each letter with its marks is a word.
/// - A hyphen or a low line between two letters or digits is as good as a blank: "Coca-Cola" is
///   "Coca Cola". Blanks do not count otherwise.
/// - Every other sign is a word by itself, all apostrophes and all quotes alike, all dashes alike.
class NameWords {
 public:
  explicit NameWords(std::string_view text, bool fold_accents)
      : text_(text), fold_accents_(fold_accents) {}

  /// The next word; false at the end.
  bool next(NameWord& word);

 private:
  enum class Class { kBlank, kJoined, kAlone, kSign, kHyphen };
  static Class class_of(char32_t c);
  bool skip_blanks();
  bool hyphen_joins() const;
  char32_t at(size_t& byte) const;
  void take_word(NameWord& word, bool alone);
  void set_keys(NameWord& word) const;

  std::string_view text_;
  bool fold_accents_;
  size_t byte_ = 0;
  int64_t place_ = 0;        // in code points
  bool after_word_ = false;  // a word ended right here
};

/// All words of a name.
std::vector<NameWord> name_words(std::string_view name, bool fold_accents);
/// Its letters.
int64_t count_letters(std::string_view name);

}  // namespace relatum::graph
