// By Unicode's tables of the forms that UTF-8 may have (3.9, tables 3-6 and 3-7).
#include "base/utf8.h"

namespace relatum {

Utf8Char utf8_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> uint32_t {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0;  // 0 continues none
  };
  const uint32_t lead = byte(0);
  if (lead < 0x80) return {int32_t(lead), 1};
  if (lead < 0xc2 || lead > 0xf4) return {};
  // The second byte tells overlong forms, surrogates and what lies above U+10FFFF.
  const uint32_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const uint32_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < least || byte(1) > most) return {};
  const size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  uint32_t code = lead & (0x7fu >> size);
  for (size_t i = 1; i < size; ++i) {
    if (!continues_char(char(byte(i)))) return {-1, i};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  return {int32_t(code), size};
}

bool utf8_valid(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const Utf8Char next = utf8_at(text, at);
    if (next.code < 0) return false;
    at += next.size;
  }
  return true;
}

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_code_points(
      text, [&](int32_t code, std::string_view bytes) { out += code < 0 ? "\ufffd" : bytes; });
  return out;
}

std::u32string to_utf32(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for_code_points(
      text, [&](int32_t code, std::string_view) { out += code < 0 ? U'\ufffd' : char32_t(code); });
  return out;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out += char(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

std::string to_utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) append_utf8(out, c);
  return out;
}

int64_t utf8_length(std::string_view text) {
  int64_t count = 0;
  for (const char c : text) count += !continues_char(c);
  return count;
}

size_t utf8_offset(std::string_view text, int64_t index) {
  size_t at = 0;
  while (at < text.size() && index > 0) {
    ++at;
    while (at < text.size() && continues_char(text[at])) ++at;
    --index;
  }
  return at;
}

std::string_view utf8_slice(std::string_view text, int64_t start, int64_t end) {
  if (end <= start) return {};
  const size_t from = utf8_offset(text, start);
  return text.substr(from, utf8_offset(text.substr(from), end - start));
}

}  // namespace relatum
