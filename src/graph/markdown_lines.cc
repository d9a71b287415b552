// The blocks of CommonMark that hold no sentences, or mark what they hold.
#include "graph/markdown_lines.h"

#include <algorithm>
#include <utility>

#include "text/unicode.h"

namespace relatum::graph {
namespace {

size_t run_of(std::u32string_view text, char32_t c) {
  return std::min(text.find_first_not_of(c), text.size());
}

/// Takes blanks off both ends of the line.
void trim(std::u32string_view text, TextLine& line) {
  while (line.start < line.end && text::is_white_space(text[size_t(line.start)])) ++line.start;
  while (line.start < line.end && text::is_white_space(text[size_t(line.end) - 1])) --line.end;
}

/// [name]: where it leads
bool defines_link(std::u32string_view line) {
  const size_t close = line.find(U']');
  return line.starts_with(U'[') && close != line.npos && close > 1 &&
         line.substr(close + 1).starts_with(U':');
}

}  // namespace

/// Whether the line lies in something that an earlier line opened, or opens such a thing.
bool MarkdownLines::continues(std::u32string_view content) {
  const bool first = std::exchange(first_, false);
  if (front_matter_ || (first && content == U"---")) {
    front_matter_ = first || (content != U"---" && content != U"...");
    return true;
  }
  const bool opens_comment = content.starts_with(U"<!--");
  if (comment_ || opens_comment) {
    comment_ = content.find(U"-->", opens_comment ? 4 : 0) == content.npos;
    return true;
  }
  const char32_t mark = content.empty() ? 0 : content[0];
  const size_t run = mark == '`' || mark == '~' ? run_of(content, mark) : 0;
  if (fence_ != 0) {
    if (mark == fence_ && run >= fence_size_ && run == content.size()) fence_ = 0;
    return true;
  }
  // Backquotes behind the fence make it a stretch of code within a line.
  if (run < 3 || (mark == '`' && content.find(U'`', run) != content.npos)) return false;
  fence_ = mark;
  fence_size_ = run;
  return true;
}

MarkdownLines::Kind MarkdownLines::take(std::u32string_view text, TextLine& line) {
  const auto content = [&] { return text.substr(size_t(line.start), size_t(line.size())); };
  if (continues(content())) return Kind::kNone;
  while (content().starts_with(U'>')) {
    ++line.start;
    trim(text, line);
  }
  if (defines_link(content())) return Kind::kNone;
  const size_t level = run_of(content(), U'#');
  if (level > 0 && level <= 6 &&
      (level == content().size() || text::is_white_space(content()[level]))) {
    line.start += int64_t(level);
    trim(text, line);
    while (content().ends_with(U'#')) --line.end;
    trim(text, line);
    return Kind::kAlone;
  }
  if (!content().starts_with(U'|')) return Kind::kText;
  while (content().starts_with(U'|')) ++line.start;
  while (content().ends_with(U'|')) --line.end;
  trim(text, line);
  return Kind::kAlone;
}

}  // namespace relatum::graph
