// What filters and methods do with texts; marks go where the bytes go.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/jinja_builtins.h"

namespace relatum::text::jinja {

/// Which ends of a text are stripped.
struct Ends {
  bool left = true, right = true;
};
/// Without white space, or without the characters of `chars`, at its ends.
MarkedText stripped(const MarkedText& text, const MarkedText* chars, Ends ends);

/// Where `part` begins at or behind `from`; npos where it does not occur.
size_t find_part(std::string_view text, std::string_view part, size_t from, Budget& budget);

/// Parts between separators, at most `most` cuts (negative: no limit); without a separator, between
/// stretches of white space.
std::vector<Value> split(const MarkedText& text, const MarkedText* separator, int64_t most,
                         Budget& budget);
/// With `now` for the first `most` occurrences of `old` (negative: all).
MarkedText replaced(const MarkedText& text, const MarkedText& old, const MarkedText& now,
                    int64_t most, Budget& budget);

MarkedText upper(const MarkedText& text);
MarkedText lower(const MarkedText& text);
/// The first character in upper case, the others in lower case.
MarkedText capitalized(const MarkedText& text);
/// Every word's first letter in upper case, the others in lower case (str.title()).
MarkedText titled(const MarkedText& text);

}  // namespace relatum::text::jinja
