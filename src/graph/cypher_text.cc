// What has to be escaped in Cypher.
#include "graph/cypher_text.h"

#include <fmt/format.h>

namespace relatum::graph {

std::string cypher_string(std::string_view text) {
  std::string result = "'";
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'') result += "\\'";
    else if (c == '\n') result += "\\n";
    else if (c == '\r') result += "\\r";
    else if (c == '\t') result += "\\t";
    else if (c == '\\') result += text.substr(i + 1).starts_with('u') ? "\\\\' + '" : "\\\\";
    else if (static_cast<unsigned char>(c) < 0x20) result += fmt::format("\\u{:04x}", int(c));
    else result += c;
  }
  return result + '\'';
}

std::string cypher_name(std::string_view name, std::string_view fallback) {
  std::string result = "`";
  for (const char c : name.empty() ? fallback : name) {
    // A name cannot hold a backslash that begins an escape, nor a line end.
    if (c == '\\') result += '/';
    else if (static_cast<unsigned char>(c) < 0x20) result += ' ';
    else result += c == '`' ? "``" : std::string(1, c);
  }
  return result + '`';
}

}  // namespace relatum::graph
