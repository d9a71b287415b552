// Bullets and labels by hand: their forms are few.
#include "graph/text_lines.h"

#include <algorithm>

#include "text/unicode.h"

namespace relatum::graph {
namespace {

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }

/// Code points of "1", "12", "123" or one letter.
size_t label_size(std::u32string_view line) {
  size_t digits = 0;
  while (digits < line.size() && digits < 4 && is_digit(line[digits])) ++digits;
  if (digits > 0) return digits < 4 ? digits : 0;
  return !line.empty() && text::is_letter(line[0]) ? 1 : 0;
}

}  // namespace

bool is_line_end(char32_t c) {
  return (c >= '\n' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

std::vector<TextLine> text_lines(std::u32string_view text) {
  std::vector<TextLine> lines;
  for (size_t at = 0; at < text.size();) {
    const auto found = std::find_if(text.begin() + std::ptrdiff_t(at), text.end(), is_line_end);
    const auto stop = size_t(found - text.begin());
    size_t start = at, end = stop;
    while (start < end && text::is_white_space(text[start])) ++start;
    while (start < end && text::is_white_space(text[end - 1])) --end;
    TextLine line{int64_t(start), int64_t(end)};
    line.says_something = std::any_of(
        text.begin() + std::ptrdiff_t(start), text.begin() + std::ptrdiff_t(end),
        [](char32_t c) { return text::is_letter(c) || text::is_number(c); });
    lines.push_back(line);
    const bool two = stop + 1 < text.size() && text[stop] == '\r' && text[stop + 1] == '\n';
    at = stop + (two ? 2 : 1);
  }
  return lines;
}

int64_t item_mark(std::u32string_view line) {
  constexpr std::u32string_view kBullets = U"-*+\u2022\u2023\u25e6\u25aa\u2013\u2014\u00b7";
  size_t size = 0;
  if (!line.empty() && kBullets.find(line[0]) != kBullets.npos) {
    size = 1;
  } else {
    const bool open = line.starts_with(U'(');
    const size_t label = label_size(line.substr(open));
    const size_t close = label + open;
    if (label == 0 || close >= line.size()) return 0;
    const bool number = is_digit(line[open]);
    if (line[close] != ')' && (open || !number || line[close] != '.')) return 0;
    size = close + 1;
  }
  const size_t mark = size;
  while (size < line.size() && text::is_white_space(line[size])) ++size;
  return size > mark && size < line.size() ? int64_t(size) : 0;
}

}  // namespace relatum::graph
