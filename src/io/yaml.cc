// Escapes of double-quoted scalars (YAML 1.2.2, 5.7).
#include "io/yaml.h"

#include <fmt/format.h>

#include <cstdint>

#include "base/utf8.h"

namespace relatum::io {
namespace {

// Line ends, marks of order and what is no character of a YAML file (5.1); a joiner or a mark of
// direction is one, but nobody could see it there.
bool is_escaped(uint32_t code) {
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true;
  if (code >= 0x200b && code <= 0x200f) return true;
  if (code >= 0x2028 && code <= 0x202e) return true;
  if (code >= 0x2060 && code <= 0x206f) return true;
  return code == 0xad || code == 0xfeff || (code & 0xfffe) == 0xfffe;
}

std::string escape(uint32_t code) {
  if (code < 0x100) return fmt::format("\\x{:02x}", code);
  return code > 0xffff ? fmt::format("\\U{:08x}", code) : fmt::format("\\u{:04x}", code);
}

}  // namespace

std::string yaml_string(std::string_view text) {
  std::string out = "\"";
  for_code_points(text, [&](int32_t code, std::string_view bytes) {
    if (code < 0) out += "\xef\xbf\xbd";
    else if (code == '"' || code == '\\') out += fmt::format("\\{}", char(code));
    else if (is_escaped(uint32_t(code))) out += escape(uint32_t(code));
    else out += bytes;
  });
  return out + "\"";
}

}  // namespace relatum::io
