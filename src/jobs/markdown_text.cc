// Backslashes before ASCII punctuation (CommonMark 2.4), and a fence longer than any in the text.
#include "jobs/markdown_text.h"

#include <algorithm>

#include "base/printable.h"

namespace relatum::jobs {

std::string markdown_text(std::string_view text) {
  constexpr std::string_view kMarkup = "\\`*_{}[]#|~!$";
  std::string out;
  for (const char c : printable(text)) {
    if (c == '<') out += "&lt;";
    else if (c == '&') out += "&amp;";
    else {
      if (kMarkup.find(c) != kMarkup.npos) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string markdown_block(std::string_view text, std::string_view language) {
  const std::string lines = printable_lines(text);
  size_t longest = 2, run = 0;
  for (const char c : lines) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fence + std::string(language) + "\n" + lines +
         (lines.empty() || lines.back() != '\n' ? "\n" : "") + fence + "\n";
}

}  // namespace relatum::jobs
