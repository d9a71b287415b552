// Counts code points, not bytes.
#include "task/text_columns.h"

#include <algorithm>

#include "base/printable.h"
#include "base/utf8.h"

namespace relatum::task {

std::string padded(std::string_view name, int64_t width) {
  std::string shown = printable(name);
  if (utf8_length(shown) > width) shown = printable_start(shown, size_t(width - 1));
  return shown + std::string(size_t(std::max<int64_t>(0, width - utf8_length(shown))), ' ');
}

std::string wrapped(std::string_view sentence) {
  constexpr int64_t kColumns = 100;
  std::string out = "  ";
  int64_t column = 2;
  while (!sentence.empty()) {
    const size_t end = std::min(sentence.find(' '), sentence.size());
    const std::string_view word = sentence.substr(0, end);
    const int64_t width = utf8_length(word);
    const bool first = column == 2;
    if (!first && column + 1 + width > kColumns) {
      out += "\n  ";
      column = 2;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += width;
    sentence.remove_prefix(std::min(end + 1, sentence.size()));
  }
  return out + "\n";
}

}  // namespace relatum::task
