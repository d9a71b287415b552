// A T line of brat's: an entity's type, its stretches as the file counts them, and what it quotes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "task/document.h"

namespace relatum::task {

struct BratMention {
  std::string id, type;
  std::vector<Piece> pieces;  ///< none where it has no characters
  std::string quoted;         ///< all behind the places; "" where the line ends there
  int64_t line = 0;
};

/// "T1", a tab, "PER 0 3;8 9", a tab, and the text. Throws Error.
BratMention parse_mention(std::string_view text, int64_t line);
/// Whether a mention quotes what stands in the text. Behind one more tab a line may have anything,
/// as brat reads it.
bool quotes_mention(std::string_view there, std::string_view quoted);

}  // namespace relatum::task
