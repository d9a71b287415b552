// Lines of a text in code points, and what they look like.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace relatum::graph {

/// One line: [start, end) without blanks around it and without its line end.
struct TextLine {
  int64_t start = 0, end = 0;
  bool says_something = false;  ///< has a letter or a digit
  bool empty() const { return start == end; }
  int64_t size() const { return end - start; }
};

/// Ends of lines: LF, CR LF, CR, VT, FF, NEL, U+2028, U+2029.
bool is_line_end(char32_t c);
/// All lines, empty ones too.
std::vector<TextLine> text_lines(std::u32string_view text);

/// How many code points at the start of a line are the bullet or the label of an item, with the
/// blanks behind; 0 where it is no item.
int64_t item_mark(std::u32string_view line);

}  // namespace relatum::graph
