// Text from a file, however it was saved: UTF-8 without a byte-order mark, lines that end with LF.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace relatum::io {

/// What is seen in bytes that are not UTF-8, for a message: "starts with the byte-order mark of
/// UTF-16", or the first byte that is none, with its line where asked, and what it is in Latin-1.
/// "" for UTF-8.
std::string encoding_problem(std::string_view bytes, bool name_line = true);
/// The same for a start of UTF-16 or UTF-32 alone; a single odd byte further on is not looked for.
std::string wide_encoding(std::string_view bytes);
/// The bytes without a byte-order mark.
std::string_view without_mark(std::string_view bytes);
/// CR LF and a lone CR become LF.
std::string with_line_feeds(std::string_view text);
/// Calls `take(line, its number from 1)` for each line, without its line feed; what ends with one
/// has no further line.
template <class Take>
void for_lines(std::string_view text, const Take& take) {
  for (int64_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == text.npos ? "" : text.substr(end + 1);
    take(line, number);
  }
}
/// Bytes as text: mark and carriage returns removed. Throws Error for bytes that are not UTF-8,
/// naming the encoding that they look like; `name` begins the sentence.
std::string plain_text(std::string_view bytes, const std::string& name);
/// The same for a whole file, with its path.
std::string read_text(const std::filesystem::path& path);

}  // namespace relatum::io
