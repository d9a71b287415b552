// What of a line is Markdown's own.
#pragma once

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
  /// The line's kind; takes its marks off its ends (of a heading, a quote, a table's row).
  Kind take(std::u32string_view text, TextLine& line);

 private:
  bool continues(std::u32string_view content);
  char32_t fence_ = 0;     // what closes the code that is open; 0: none is
  size_t fence_size_ = 0;  // at least so many of them
  bool comment_ = false, front_matter_ = false, first_ = true;
};

}  // namespace relatum::graph
