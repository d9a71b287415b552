// Looks at the bytes first, then takes away what only says how the file was saved.
#include "io/text_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/utf8.h"

namespace relatum::io {
namespace {

/// UTF-16 of mostly ASCII text has a zero at every other place.
bool every_other_is_zero(std::string_view bytes) {
  const size_t looked_at = std::min<size_t>(bytes.size(), 64) & ~size_t{1};
  if (looked_at < 8) return false;
  size_t zeros[2] = {0, 0};
  for (size_t i = 0; i < looked_at; ++i) zeros[i % 2] += bytes[i] == '\0';
  return std::max(zeros[0], zeros[1]) * 4 >= looked_at && std::min(zeros[0], zeros[1]) == 0;
}

}  // namespace

std::string wide_encoding(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\xFF\xFE\0\0"sv) || bytes.starts_with("\0\0\xFE\xFF"sv)) {
    return "starts with the byte-order mark of UTF-32";
  }
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
    return "starts with the byte-order mark of UTF-16";
  }
  if (every_other_is_zero(bytes)) return "has a zero at every other byte, as UTF-16 has";
  return "";
}

std::string encoding_problem(std::string_view bytes, bool name_line) {
  if (const std::string wide = wide_encoding(bytes); !wide.empty()) return wide;
  int64_t line = 1;
  for (size_t at = 0; at < bytes.size();) {
    const Utf8Char next = utf8_at(bytes, at);
    if (next.code < 0) {
      const auto odd = uint8_t(bytes[at]);
      const std::string found = fmt::format("has the byte 0x{:02X}{}, which is not UTF-8", odd,
                                            name_line ? fmt::format(" on line {}", line) : "");
      if (odd < 0xa0) return found + "; text in Windows-1252 has such bytes";
      std::string letter;
      append_utf8(letter, odd);
      return fmt::format("{}; in Latin-1 and Windows-1252 it is '{}'", found, letter);
    }
    line += bytes[at] == '\n';
    at += next.size;
  }
  return "";
}

std::string_view without_mark(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  return bytes;
}

std::string with_line_feeds(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (!pair) plain += text[i] == '\r' ? '\n' : text[i];
  }
  return plain;
}

std::string plain_text(std::string_view bytes, const std::string& name) {
  if (const std::string problem = encoding_problem(bytes); !problem.empty()) {
    fail("io.text", fmt::format("{} {}. Save the file as UTF-8.", name, problem));
  }
  return with_line_feeds(without_mark(bytes));
}

std::string read_text(const std::filesystem::path& path) {
  return plain_text(read_file(path), path.string());
}

}  // namespace relatum::io
