// Words of a sentence and where they stand beside its entities.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "task/example.h"

namespace relatum::task {

/// A run of letters, marks, digits and underscores, in lower case; code points [start, end).
struct Word {
  int64_t start = 0, end = 0;
  std::string form;
};
std::vector<Word> words_of(std::string_view text);

/// What an analysis looks at.
struct Surroundings {
  int64_t words = 0;    ///< of the whole text
  int64_t between = 0;  ///< words that lie wholly between the entities
  bool overlapping = false, tail_first = false;
  /// Words between the entities, and up to two on either outer side of them, each once.
  std::vector<std::string> context;
};
Surroundings surroundings_of(const Example& example);

}  // namespace relatum::task
