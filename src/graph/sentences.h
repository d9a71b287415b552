// A text cut into sentences.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/documents/source_document.h"
#include "graph/sentence_breaks.h"
#include "task/document.h"

namespace relatum::graph {

/// What an end of a line means.
enum class LineEnds {
  kWrapped,  ///< little: lines are as long as they happened to be, an empty one ends a paragraph
  kEach,     ///< a sentence ends there, as in the text of a page, where blocks make the lines
};

struct SentenceRules {
  /// ISO 639's code of two or three letters. "en" and "de" have rules of our own, other languages
  /// ICU's abbreviations where it has some.
  std::string language = "en";
  LineEnds line_ends = LineEnds::kWrapped;
  bool markdown = false;  ///< skip what Markdown's blocks are marked with
  int64_t most = 1000;    ///< code points of a sentence; longer ones are cut
};

/// The rules for a document of this form: pages end sentences with lines, Markdown has its marks.
SentenceRules rules_of(DocumentForm form, std::string language = "en");

/// Cuts texts by ICU's sentence boundaries (Unicode Standard Annex 29) and rules of our own for
/// what they do not know; docs/graph.md has all of them. Safe to be used by several threads.
class SentenceSplitter {
 public:
  /// Throws Error for a language that ICU does not know.
  explicit SentenceSplitter(const SentenceRules& rules);

  /// Sentences in the order of the text, in code points, without the blanks around them. Each has a
  /// letter or a digit, and none has more than `most` code points; what lies between them is
  /// blanks, marks of lists and Markdown, and lines without letters. `text` is valid UTF-8.
  std::vector<task::Piece> split(std::string_view text) const;

 private:
  SentenceRules rules_;
  SentenceBreaks breaks_;
};

}  // namespace relatum::graph
