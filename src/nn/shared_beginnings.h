// Finds what rows of tokens have in common at their beginning, as a tree of segments.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace relatum::nn {

/// Tokens [begin, end) of row `row`, behind segment `parent` (-1: at the start). A leaf closes its
/// row (perhaps with begin == end); other segments stand for all rows below them.
struct SharedSegment {
  int64_t parent = -1;
  int64_t row = 0;
  int64_t begin = 0, end = 0;
  bool leaf = false;
};

/// Parents come before children; each row has exactly one leaf. Beginnings are shared where at
/// least `min_shared` tokens are saved per row: below that, a segment costs more than it saves.
std::vector<SharedSegment> share_beginnings(std::span<const std::span<const int32_t>> rows,
                                            int64_t min_shared);

/// Length of the longest beginning that all rows share.
int64_t common_beginning(std::span<const std::span<const int32_t>> rows);

}  // namespace relatum::nn
