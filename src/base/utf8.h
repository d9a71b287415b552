// UTF-8 by hand: the code points of a text, where they lie, and whether the bytes are sound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace relatum {

/// Whether the byte goes on with a code point that an earlier byte began.
inline bool continues_char(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

/// The code point at `at` of valid UTF-8; moves `at` behind it.
inline char32_t next_char(std::string_view valid, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(valid[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) {
    at += 1;
    return lead;
  }
  const size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t c = lead & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; ++i) c = c << 6 | (byte(at + i) & 0x3fu);
  at += length;
  return c;
}

/// What stands at one place of bytes that may be anything.
struct Utf8Char {
  int32_t code = -1;  ///< negative where the bytes are no code point
  /// Its bytes. Where they are none: those of its longest beginning, one at least (Unicode 3.9,
  /// best practice, as in Python and Rust).
  size_t size = 1;
};
/// `at` lies before the text's end. No surrogates, no overlong forms, nothing above U+10FFFF.
Utf8Char utf8_at(std::string_view text, size_t at);
/// Calls `each(code, its bytes)` from the text's start to its end, as utf8_at() tells them.
template <class Each>
void for_code_points(std::string_view text, const Each& each) {
  for (size_t at = 0; at < text.size();) {
    const Utf8Char next = utf8_at(text, at);
    each(next.code, text.substr(at, next.size));
    at += next.size;
  }
}

/// Whether the bytes are UTF-8 throughout.
bool utf8_valid(std::string_view text);
/// The text with one U+FFFD for each of utf8_at()'s bytes that are none.
std::string to_valid_utf8(std::string_view text);
/// The code points of to_valid_utf8(text).
std::u32string to_utf32(std::string_view text);
void append_utf8(std::string& out, char32_t c);
std::string to_utf8(std::u32string_view text);

/// Number of code points in valid UTF-8 (in other bytes: of those that don't continue one).
int64_t utf8_length(std::string_view text);
/// Byte offset of code point `index`; text.size() where the text ends before it.
size_t utf8_offset(std::string_view text, int64_t index);
/// Code points [start, end); the part that exists where the range leaves the text.
std::string_view utf8_slice(std::string_view text, int64_t start, int64_t end);

}  // namespace relatum
