// Reading, checking and walking the trie.
#include "text/char_map.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/utf8.h"

namespace relatum::text {
namespace {

// The longest of Unicode's compatibility forms has 33 bytes; a hostile one would multiply a text.
constexpr size_t kLongest = 255;

/// What to flip in a unit's place to come to its children's block.
uint32_t offset(uint32_t unit) { return (unit >> 10) << ((unit & 0x200) >> 6); }
uint32_t label(uint32_t unit) { return unit & 0x800000ff; }
bool has_leaf(uint32_t unit) { return (unit & 0x100) != 0; }
uint32_t value(uint32_t unit) { return unit & 0x7fffffff; }

uint32_t read_u32(std::string_view bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 4; i-- > 0;) {
    number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return number;
}

[[noreturn]] void broken(const std::string& place, const std::string& what) {
  fail("text.charsmap", fmt::format("{}: the table of replaced characters (precompiled_charsmap) "
                                    "{}. The file is broken: fetch it again.",
                                    place, what));
}

}  // namespace

CharMap::CharMap(std::string_view bytes, const std::string& place) {
  const size_t size = bytes.size() < 4 ? 0 : read_u32(bytes, 0);
  if (size == 0 || size % 4 != 0 || size > bytes.size() - 4) {
    broken(place, fmt::format("has {} bytes and a trie of {}", bytes.size(), size));
  }
  units_.reserve(size / 4);
  for (size_t at = 4; at < 4 + size; at += 4) units_.push_back(read_u32(bytes, at));
  texts_ = bytes.substr(4 + size);
  check(place);
}

void CharMap::check(const std::string& place) const {
  if (!utf8_valid(texts_)) broken(place, "has a replacement that is not UTF-8");
  // Whatever byte follows in a text, its unit is looked at: blocks have to be there as a whole.
  const auto inside = [&](uint32_t block) { return (block | 0xff) < units_.size(); };
  std::vector<bool> seen(units_.size());
  std::vector<uint32_t> blocks = {offset(units_[0])};
  if (!inside(blocks.front())) broken(place, "leads out of its trie");
  seen[blocks.front()] = true;
  while (!blocks.empty()) {
    const uint32_t block = blocks.back();
    blocks.pop_back();
    for (uint32_t byte = 1; byte < 256; ++byte) {
      const uint32_t unit = units_[block ^ byte];
      if (label(unit) != byte) continue;
      const uint32_t next = block ^ byte ^ offset(unit);
      if (!inside(next)) broken(place, "leads out of its trie");
      if (!seen[next]) blocks.push_back(next);
      seen[next] = true;
      if (!has_leaf(unit)) continue;
      const size_t text = value(units_[next]);
      if (text >= texts_.size()) broken(place, "names a replacement that is not there");
      if (continues_char(texts_[text])) broken(place, "names half a character");
      if (std::string_view(texts_).substr(text, kLongest + 1).find('\0') == std::string::npos) {
        broken(place, fmt::format("has a replacement of more than {} bytes", kLongest));
      }
    }
  }
}

std::string_view CharMap::replacement(uint32_t leaf) const {
  const std::string_view text = std::string_view(texts_).substr(leaf);
  return text.substr(0, text.find('\0'));
}

/// Calls `each(bytes, leaf)` for the beginnings of whole characters that the table has, until it
/// returns false.
template <class Each>
void CharMap::walk(std::string_view text, const Each& each) const {
  uint32_t node = offset(units_[0]);
  for (size_t at = 0; at < text.size() && text[at] != '\0'; ++at) {
    const auto byte = uint32_t(static_cast<unsigned char>(text[at]));
    node ^= byte;
    const uint32_t unit = units_[node];
    if (label(unit) != byte) return;
    node ^= offset(unit);
    const bool whole = at + 1 == text.size() || !continues_char(text[at + 1]);
    if (has_leaf(unit) && whole && !each(at + 1, value(units_[node]))) return;
  }
}

CharMap::Match CharMap::longest(std::string_view text) const {
  size_t size = 0;
  uint32_t leaf = 0;
  walk(text, [&](size_t bytes, uint32_t found) {
    size = bytes;
    leaf = found;
    return true;
  });
  return size == 0 ? Match() : Match{size, replacement(leaf)};
}

CharMap::Match CharMap::shortest(std::string_view text) const {
  Match match;
  walk(text, [&](size_t bytes, uint32_t found) {
    match = {bytes, replacement(found)};
    return false;
  });
  return match;
}

}  // namespace relatum::text
