// Code points in UTF-8 text: where they lie, and whether the bytes are sound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relatum::task {

/// Number of code points in valid UTF-8 (in other bytes: of those that don't continue one).
int64_t utf8_length(std::string_view text);
/// Byte offset of code point `index`; text.size() where the text ends before it.
size_t utf8_offset(std::string_view text, int64_t index);
/// Code points [start, end); the part that exists where the range leaves the text.
std::string_view utf8_slice(std::string_view text, int64_t start, int64_t end);
/// Whether the bytes are UTF-8 as Unicode defines it: no surrogates, no overlong forms.
bool utf8_valid(std::string_view text);
/// For messages: base/printable.h's printable_start(), which shows what could steer a terminal as
/// escapes, cut after `limit` code points.
std::string utf8_printable(std::string_view text, int64_t limit = 80);
/// Lower case by Unicode's full mapping, independent of locale (ICU).
std::string utf8_lower(std::string_view text);
/// Removes white space as Unicode defines it (ICU).
std::string utf8_without_space(std::string_view text);

}  // namespace relatum::task
