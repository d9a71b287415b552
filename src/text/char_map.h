// SentencePiece's table of what characters become before they are cut ("precompiled_charsmap").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::text {

/// Texts and their replacements: a double-array trie (Aoe 1989; units as darts-clone packs them)
/// whose leaves say where in a run of texts, each ended by a zero byte, a replacement begins.
class CharMap {
 public:
  /// The bytes of the file: length of the trie (32 bits, little-endian), trie, texts. Throws Error
  /// naming `place` for a trie that leads out of itself and for replacements that are too long, not
  /// UTF-8 or not there, so that no text can leave the table.
  CharMap(std::string_view bytes, const std::string& place);

  struct Match {
    size_t size = 0;  ///< bytes of the text that are replaced; 0: the table has no beginning of it
    std::string_view replacement;
  };
  Match longest(std::string_view text) const;
  Match shortest(std::string_view text) const;

 private:
  template <class Each>
  void walk(std::string_view text, const Each& each) const;
  void check(const std::string& place) const;
  std::string_view replacement(uint32_t leaf) const;

  std::vector<uint32_t> units_;
  std::string texts_;
};

}  // namespace relatum::text
