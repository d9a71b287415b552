// Looks at the bytes first, then takes away what only says how the file was saved.
#include "io/text_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/atomic_file.h"
#include "base/error.h"

namespace relatum::io {
namespace {

uint8_t byte(std::string_view text, size_t at) {
  return at < text.size() ? uint8_t(text[at]) : 0;  // 0 continues nothing
}

/// Bytes of the code point at `at`, by Unicode's table of well-formed UTF-8; 0 where it is none.
size_t well_formed(std::string_view text, size_t at) {
  const uint8_t lead = byte(text, at), next = byte(text, at + 1);
  const auto continues = [&](size_t i) { return (byte(text, at + i) & 0xc0) == 0x80; };
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead < 0xe0) return continues(1) ? 2 : 0;
  if (lead < 0xf0) {
    const bool overlong = lead == 0xe0 && next < 0xa0;
    const bool surrogate = lead == 0xed && next > 0x9f;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  const bool outside = (lead == 0xf0 && next < 0x90) || (lead == 0xf4 && next > 0x8f);
  return continues(1) && continues(2) && continues(3) && !outside ? 4 : 0;
}

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
  if (bytes.starts_with("\xFF\xFE\0\0"sv) || bytes.starts_with("\0\0\xFE\xFF"sv))
    return "starts with the byte-order mark of UTF-32";
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF"))
    return "starts with the byte-order mark of UTF-16";
  if (every_other_is_zero(bytes)) return "has a zero at every other byte, as UTF-16 has";
  return "";
}

std::string encoding_problem(std::string_view bytes, bool name_line) {
  if (const std::string wide = wide_encoding(bytes); !wide.empty()) return wide;
  int64_t line = 1;
  for (size_t at = 0; at < bytes.size();) {
    const size_t size = well_formed(bytes, at);
    if (size == 0) {
      const uint8_t odd = byte(bytes, at);
      const std::string found =
          fmt::format("has the byte 0x{:02X}{}, which is not UTF-8", odd,
                      name_line ? fmt::format(" on line {}", line) : "");
      if (odd < 0xa0) return found + "; text in Windows-1252 has such bytes";
      const std::string letter = {char(0xc0 | odd >> 6), char(0x80 | (odd & 0x3f))};
      return fmt::format("{}; in Latin-1 and Windows-1252 it is '{}'", found, letter);
    }
    line += bytes[at] == '\n';
    at += size;
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

std::string read_text(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  if (const std::string problem = encoding_problem(bytes); !problem.empty())
    fail("io.text", fmt::format("{} {}. Save the file as UTF-8.", path.string(), problem));
  return with_line_feeds(without_mark(bytes));
}

}  // namespace relatum::io
