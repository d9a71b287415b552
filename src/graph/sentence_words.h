// Words that say whether a full stop ends a sentence: abbreviations, and what sentences begin with.
#pragma once

#include <string_view>

namespace relatum::graph {

/// What follows an abbreviation.
enum class Abbreviation {
  kNone,
  kTitle,   ///< a name: "Dr.": no sentence ends there
  kNumber,  ///< a number or a letter: "No.", "Fig.": a sentence ends there before other words
  kInside,  ///< more of the sentence: "e.g.", "vs.": none ends there
  kMayEnd,  ///< anything: "Inc.", "p.m.": a sentence ends there before a usual beginning
};

struct LanguageWords;

/// What a language's writing tells; a view of the program's own tables.
class SentenceWords {
 public:
  /// The words of "en" and "de"; of another language a few titles alone.
  explicit SentenceWords(std::string_view language);

  /// Of a word without its last full stop ("Dr", "U.S", "z.B"); capital letters count.
  Abbreviation abbreviation(std::string_view word) const;
  /// Whether sentences often begin with the word and names seldom do: "The", "However".
  bool begins_sentences(std::string_view word) const;
  /// Whether it is a verb of speaking: "said".
  bool speaks(std::string_view word) const;
  /// Whether a single letter behind the word is a label, not an initial: "vitamin".
  bool labels(std::string_view word) const;
  /// Whether a full stop behind a number makes it an ordinal ("3. Oktober").
  bool ordinals() const { return ordinals_; }
  /// Whether the language has words of its own here.
  bool known() const { return known_; }

 private:
  const LanguageWords* words_;
  bool ordinals_ = false, known_ = false;
};

}  // namespace relatum::graph
