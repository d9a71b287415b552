// Shows code points that could steer a terminal, and bytes that are none, by their numbers.
#include "base/printable.h"

#include <cstdint>
#include <cstdio>

#include "base/hidden_character.h"
#include "base/utf8.h"

namespace relatum {
namespace {

std::string escape(uint32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  if (code == '\t') return "\\t";
  char text[16];
  const char* format = code < 0x80 ? "\\x%02x" : code > 0xffff ? "\\U%08x" : "\\u%04x";
  std::snprintf(text, sizeof text, format, unsigned(code));
  return text;
}

std::string shown(std::string_view text, bool keep_lines, size_t limit) {
  std::string result;
  result.reserve(text.size());
  size_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) {
    if (count == limit) return result + "…";
    const Utf8Char next = utf8_at(text, at);
    if (next.code < 0) {
      char byte[8];
      std::snprintf(byte, sizeof byte, "\\x%02x", static_cast<unsigned char>(text[at]));
      result += byte;
      ++at;
      continue;
    }
    const auto code = uint32_t(next.code);
    const bool kept = !is_hidden(code) || (keep_lines && code == '\n');
    result += kept ? std::string(text.substr(at, next.size)) : escape(code);
    at += next.size;
  }
  return result;
}

}  // namespace

std::string printable(std::string_view text) { return shown(text, false, text.npos); }

std::string printable_lines(std::string_view text) { return shown(text, true, text.npos); }

std::string printable_start(std::string_view text, size_t limit) {
  return shown(text, false, limit);
}

std::string printable_ends(std::string_view text, size_t limit) {
  const auto step = [text](size_t at) {
    const Utf8Char next = utf8_at(text, at);
    return next.code < 0 ? 1 : size_t(next.size);
  };
  size_t count = 0, begin = 0, end = 0;
  for (size_t at = 0; at < text.size(); at += step(at)) ++count;
  if (count <= limit) return shown(text, false, text.npos);
  const size_t first = limit / 2, last = count - (limit - first);
  for (size_t i = 0; i < last; ++i) {
    if (i < first) begin += step(begin);
    end += step(end);
  }
  return shown(text.substr(0, begin), false, text.npos) + "…" +
         shown(text.substr(end), false, text.npos);
}

}  // namespace relatum
