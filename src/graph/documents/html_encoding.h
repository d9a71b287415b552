// The characters of an HTML page, however it was saved.
#pragma once

#include <string>
#include <string_view>

namespace relatum::graph {

/// The encoding that a page names in its first 1,024 bytes, `<meta charset="…">` or
/// `<meta … content="text/html; charset=…">`, else `<?xml … encoding="…"?>`, or by a byte-order
/// mark of UTF-16; "" where it names none.
std::string declared_encoding(std::string_view page);

/// The page as UTF-8 without a byte-order mark. Bytes that are UTF-8 are taken as that, whatever
/// the page says; others are read in the encoding that it names (Latin-1 as Windows-1252 and four
/// more as what browsers take them for). Throws Error where it names none, one that ICU does not
/// know, or one that its bytes are not in; `name` begins the sentence.
std::string utf8_page(std::string_view page, const std::string& name);

}  // namespace relatum::graph
