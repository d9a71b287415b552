// What of a line is Markdown's own.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "graph/text_lines.h"

namespace relatum::graph {

/// Goes through a text's lines from the first to the last.
class MarkdownLines {
 public:
  enum class Kind {
    kText,   ///< of a paragraph or an item
    kAlone,  ///< a heading or a row of a table: a block of its own
    kNone,   ///< code, a comment, front matter, a link's definition: in no block
  };
  /// `lines`: all of the text's. The text must outlive this.
  MarkdownLines(std::u32string_view text, std::span<const TextLine> lines);
  /// The line's kind; takes its marks off its ends (of a heading, a quote, a table's row).
  Kind take(TextLine& line);

 private:
  bool continues(std::u32string_view content);
  std::u32string_view text_;
  int64_t front_matter_end_;
  char32_t fence_ = 0;     // what closes the code that is open; 0: none is
  size_t fence_size_ = 0;  // at least so many of them
  bool comment_ = false;
};

}  // namespace relatum::graph
