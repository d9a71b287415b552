// Strings that people see as equal, whatever their bytes: Unicode forms, kinds of blanks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relatum::task {

/// One form for all strings that look the same: composed (NFC), no white space at either end, every
/// other white space one plain space each, invisible characters (zero-width space, soft hyphen,
/// word joiner, byte-order mark) gone. Case stays. Bytes that are not UTF-8 are given back as
/// they are. Labels are kept in this form, and ids may be compared in it.
std::string seen_form(std::string_view text);

/// Where `part` stands in `text`: code points [start, end) of the text as it is, in order. Both are
/// compared in seen_form. Places where a word begins and ends go before others: those within words
/// count only where there are none such.
std::vector<std::pair<int64_t, int64_t>> find_places(std::string_view text, std::string_view part);

/// Whether code point `at` stands within a word: letters or digits on both sides of the place
/// before it. Scripts that are written without blanks, or glue endings to names, have no such
/// places (Chinese, Japanese, Korean, Thai and their like).
bool within_word(std::string_view text, int64_t at);

}  // namespace relatum::task
