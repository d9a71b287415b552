// Walks over code points, and reads escapes.
#include "text/jinja_string.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/utf8.h"

namespace relatum::text::jinja {
namespace {

std::optional<uint32_t> read_digits(std::string_view text, size_t count, int base) {
  if (text.size() < count) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text.substr(0, count)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : 16;
    if (digit >= base) return std::nullopt;
    value = value * uint32_t(base) + uint32_t(digit);
  }
  return value;
}

/// Adds what the escape at the start of `rest` (behind its backslash) stands for; its length.
std::optional<size_t> take_escape(std::string_view rest, std::string& out) {
  constexpr std::string_view kNames = "abfnrtv\\'\"", kValues = "\a\b\f\n\r\t\v\\'\"";
  const char name = rest.front();
  if (const size_t known = kNames.find(name); known != kNames.npos) {
    out += kValues[known];
    return 1;
  }
  if (name == '\n') return 1;
  if (name == 'N') return std::nullopt;
  size_t count = name == 'x' ? 2 : name == 'u' ? 4 : name == 'U' ? 8 : 0;
  const bool octal = name >= '0' && name <= '7';
  if (octal) {
    count = std::min<size_t>(std::min(rest.find_first_not_of("01234567"), rest.size()), 3);
  } else if (count == 0) {
    out += '\\';
    return 0;
  }
  const auto code = read_digits(rest.substr(octal ? 0 : 1), count, octal ? 8 : 16);
  if (!code || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000)) return std::nullopt;
  append_utf8(out, char32_t(*code));
  return count + (octal ? 0 : 1);
}

}  // namespace

bool is_python_space(char32_t c) {
  return (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

size_t python_strip_begin(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const Utf8Char next = utf8_at(text, at);
    if (next.code < 0 || !is_python_space(char32_t(next.code))) break;
    at += next.size;
  }
  return at;
}

size_t python_strip_end(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    size_t begin = end - 1;
    while (begin > 0 && end - begin < 4 && continues_char(text[begin])) --begin;
    const Utf8Char last = utf8_at(text, begin);
    if (last.code < 0 || begin + last.size != end || !is_python_space(char32_t(last.code))) break;
    end = begin;
  }
  return end;
}

std::optional<std::string> unescaped(std::string_view literal) {
  std::string out;
  for (size_t i = 0; i < literal.size();) {
    if (literal[i] != '\\' || i + 1 == literal.size()) {
      out += literal[i++];
      continue;
    }
    const auto length = take_escape(literal.substr(i + 1), out);
    if (!length) return std::nullopt;
    i += 1 + *length;
  }
  return out;
}

}  // namespace relatum::text::jinja
