// Counts the dots of each key, outside of strings and comments.
#include "io/toml_keys.h"

#include <fmt/format.h>

#include "base/error.h"

namespace relatum::io {

void check_toml_keys(std::string_view text, const std::string& place, std::string_view where) {
  constexpr int kMostParts = 100;
  int dots = 0;
  int64_t line = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\'') {  // to its end, or that of the line
      for (++i; i < text.size() && text[i] != c && text[i] != '\n'; ++i) {
        if (c == '"' && text[i] == '\\') ++i;
      }
      if (i >= text.size() || text[i] == c) continue;
    } else if (c == '#') {
      while (i < text.size() && text[i] != '\n') ++i;
    }
    line += i < text.size() && text[i] == '\n';
    if (std::string_view("=,{}[]#\n\"'").find(c) != std::string_view::npos) dots = 0;
    if (c != '.' || ++dots < kMostParts) continue;
    fail(where, fmt::format("{}:{}: a key of more than {} parts. Correct that line.", place, line,
                            kMostParts));
  }
}

}  // namespace relatum::io
