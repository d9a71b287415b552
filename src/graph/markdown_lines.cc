// The blocks of CommonMark that hold no sentences, or mark what they hold.
#include "graph/markdown_lines.h"

#include <algorithm>

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

/// Where the front matter ends; 0 where there is none. A line above a text is no beginning of any:
/// an empty line follows it, or no other such line.
int64_t front_matter_end(std::u32string_view text, std::span<const TextLine> lines) {
  const auto content = [&](const TextLine& line) {
    return text.substr(size_t(line.start), size_t(line.size()));
  };
  if (lines.size() < 2 || content(lines[0]) != U"---" || lines[1].empty()) return 0;
  const auto end = std::ranges::find_if(lines.subspan(1), [&](const TextLine& line) {
    return content(line) == U"---" || content(line) == U"...";
  });
  return end == lines.end() ? 0 : end->end;
}

}  // namespace

MarkdownLines::MarkdownLines(std::u32string_view text, std::span<const TextLine> lines)
    : text_(text), front_matter_end_(front_matter_end(text, lines)) {}

/// Whether the line lies in something that an earlier line opened, or opens such a thing.
bool MarkdownLines::continues(std::u32string_view content) {
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

MarkdownLines::Kind MarkdownLines::take(TextLine& line) {
  const auto content = [&] { return text_.substr(size_t(line.start), size_t(line.size())); };
  if (line.start < front_matter_end_ || continues(content())) return Kind::kNone;
  while (content().starts_with(U'>')) {
    ++line.start;
    trim(text_, line);
  }
  if (defines_link(content())) return Kind::kNone;
  const size_t level = run_of(content(), U'#');
  if (level > 0 && level <= 6 &&
      (level == content().size() || text::is_white_space(content()[level]))) {
    line.start += int64_t(level);
    trim(text_, line);
    while (content().ends_with(U'#')) --line.end;
    trim(text_, line);
    return Kind::kAlone;
  }
  if (!content().starts_with(U'|')) return Kind::kText;
  while (content().starts_with(U'|')) ++line.start;
  while (content().ends_with(U'|')) --line.end;
  trim(text_, line);
  return Kind::kAlone;
}

}  // namespace relatum::graph
