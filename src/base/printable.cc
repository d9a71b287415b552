// Walks UTF-8 by hand, as every byte counts and no table of Unicode is needed.
#include "base/printable.h"

#include <cstdint>
#include <cstdio>

namespace relatum {
namespace {

struct Decoded {
  uint32_t code = 0;
  size_t bytes = 0;  // 0: the first byte begins no code point
};

Decoded decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return {};
  uint32_t code = first & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kLeast[bytes] || code > 0x10ffff || surrogate) return {};
  return {code, bytes};
}

bool between(uint32_t code, uint32_t first, uint32_t last) { return code >= first && code <= last; }

// What moves the cursor, turns the text round or cannot be seen.
bool hidden(uint32_t code) {
  if (code < 0x20 || between(code, 0x7f, 0x9f)) return true;
  if (code == 0xad || code == 0x61c || code == 0x180e || code == 0xfeff) return true;
  return code == 0x200b || between(code, 0x200e, 0x200f) || between(code, 0x2028, 0x202e) ||
         between(code, 0x2060, 0x206f) || between(code, 0xfff9, 0xfffb) ||
         between(code, 0xe0000, 0xe007f);
}

std::string escape(uint32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  if (code == '\t') return "\\t";
  char text[16];
  const char* format = code < 0x80 ? "\\x%02x" : code > 0xffff ? "\\U%08x" : "\\u%04x";
  std::snprintf(text, sizeof text, format, static_cast<unsigned>(code));
  return text;
}

std::string shown(std::string_view text, bool keep_lines, size_t limit) {
  std::string result;
  result.reserve(text.size());
  size_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) {
    if (count == limit) return result + "…";
    const Decoded next = decode(text.substr(at));
    if (next.bytes == 0) {
      char byte[8];
      std::snprintf(byte, sizeof byte, "\\x%02x", static_cast<unsigned char>(text[at]));
      result += byte;
      ++at;
      continue;
    }
    const bool kept = !hidden(next.code) || (keep_lines && next.code == '\n');
    result += kept ? std::string(text.substr(at, next.bytes)) : escape(next.code);
    at += next.bytes;
  }
  return result;
}

}  // namespace

std::string printable(std::string_view text) { return shown(text, false, text.npos); }

std::string printable_lines(std::string_view text) { return shown(text, true, text.npos); }

std::string printable_start(std::string_view text, size_t limit) {
  return shown(text, false, limit);
}

}  // namespace relatum
