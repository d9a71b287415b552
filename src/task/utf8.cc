// UTF-8 by hand where bytes suffice, by ICU where Unicode's tables are needed.
#include "task/utf8.h"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include "base/printable.h"

namespace relatum::task {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// The code point that `bytes`, not empty, start with; negative where they are not UTF-8.
UChar32 decode(std::string_view bytes) {
  int32_t used = 0;
  UChar32 c = 0;
  U8_NEXT(reinterpret_cast<const uint8_t*>(bytes.data()), used, int32_t(bytes.size()), c);
  return c;
}

}  // namespace

int64_t utf8_length(std::string_view text) {
  int64_t count = 0;
  for (const char c : text) count += !continues(c);
  return count;
}

size_t utf8_offset(std::string_view text, int64_t index) {
  size_t at = 0;
  while (at < text.size() && index > 0) {
    ++at;
    while (at < text.size() && continues(text[at])) ++at;
    --index;
  }
  return at;
}

std::string_view utf8_slice(std::string_view text, int64_t start, int64_t end) {
  if (end <= start) return {};
  const size_t from = utf8_offset(text, start);
  return text.substr(from, utf8_offset(text.substr(from), end - start));
}

bool utf8_valid(std::string_view text) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = int64_t(text.size());
  for (int64_t at = 0; at < size;) {
    UChar32 c = bytes[at];
    if (c < 0x80) {
      ++at;
      continue;
    }
    // ICU's offsets are 32 bits wide: look at the few bytes of one code point only.
    const auto left = int32_t(size - at < 4 ? size - at : 4);
    int32_t used = 0;
    U8_NEXT(bytes + at, used, left, c);
    if (c < 0) return false;
    at += used;
  }
  return true;
}

std::string utf8_printable(std::string_view text, int64_t limit) {
  return printable_start(text, size_t(limit));
}

std::string utf8_lower(std::string_view text) {
  std::string lower;
  icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), int32_t(text.size())))
      .toLower(icu::Locale::getRoot())
      .toUTF8String(lower);
  return lower;
}

std::string utf8_without_space(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t size = utf8_offset(text.substr(at), 1);
    const UChar32 c = decode(text.substr(at, size));
    if (c < 0 || !u_isUWhiteSpace(c)) kept.append(text.substr(at, size));
    at += size;
  }
  return kept;
}

}  // namespace relatum::task
