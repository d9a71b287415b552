// Text from files made safe for a terminal: what could steer it is shown as an escape.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace relatum {

/// One line: control characters (C0, DEL, C1), line and paragraph separators, marks that change
/// the direction of text (U+202A to U+202E, U+2066 to U+2069 and the like) and marks without width
/// become \n, \t, \x1b or \u202e, bytes that are not UTF-8 \xff. All else stays as it is, a
/// backslash too. Joiners (U+200C, U+200D) stay: scripts and emoji need them.
std::string printable(std::string_view text);
/// The same for text of several lines: line ends stay.
std::string printable_lines(std::string_view text);
/// For names and values in sentences: printable() of the first `limit` code points, with "…" after
/// them where there are more.
std::string printable_start(std::string_view text, size_t limit = 80);
/// The same with "…" in the middle: of names that may differ at their ends alone.
std::string printable_ends(std::string_view text, size_t limit);

}  // namespace relatum
