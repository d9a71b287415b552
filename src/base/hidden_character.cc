// A list of ranges; Unicode's own classes hold joiners and visible signs, too.
#include "base/hidden_character.h"

namespace relatum {
namespace {

bool between(uint32_t code, uint32_t first, uint32_t last) { return code >= first && code <= last; }

}  // namespace

bool is_hidden(uint32_t code) {
  if (code < 0x20 || between(code, 0x7f, 0x9f)) return true;
  if (code == 0xad || code == 0x61c || code == 0x180e || code == 0xfeff) return true;
  return code == 0x200b || between(code, 0x200e, 0x200f) || between(code, 0x2028, 0x202e) ||
         between(code, 0x2060, 0x206f) || between(code, 0xfff9, 0xfffb) ||
         between(code, 0xfffe, 0xffff) || between(code, 0xe0000, 0xe007f);
}

}  // namespace relatum
