// Two lists with a hanging indent.
#include "app/data_help.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "task/dataset.h"
#include "task/spec.h"

namespace relatum::app {
namespace {

/// "  name        its text, cut between words and indented below itself".
std::string entry(std::string_view name, std::string_view text) {
  constexpr size_t kIndent = 18, kColumns = 100;
  std::string out = fmt::format("  {:<{}}", name, kIndent - 2);
  size_t column = kIndent;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, std::min(text.find(' '), text.size()));
    if (column > kIndent && column + 1 + word.size() > kColumns) {
      out += '\n' + std::string(kIndent, ' ');
      column = kIndent;
    } else if (column > kIndent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return out + '\n';
}

}  // namespace

std::string data_help(bool pairs) {
  std::string text =
      "Data are named FORMAT:PATH, or PATH where the format shows, with parts behind a question "
      "mark:\nnotes.jsonl?limit=100&seed=2\n\nParts:\n";
  for (const task::SpecPart& part : task::spec_parts()) {
    if (pairs || !part.of_pairs) text += entry(part.name + "=" + part.value, part.help);
  }
  text += "\nFormats:\n";
  for (const task::DatasetFormat* format : task::dataset_formats()) {
    text += entry(format->name, format->description);
  }
  return text;
}

}  // namespace relatum::app
