// Splits examples into two parts, the same way for the same seed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "task/example.h"

namespace relatum::task {

/// Indices into the examples, ascending.
struct Split {
  std::vector<int64_t> kept, held_out;
};

/// Draws `count` examples at random. Texts that are equal after normalised_text() stay on one side,
/// so where only groups are left fewer than `count` may be drawn. Throws Error unless
/// 0 < count < examples.size(), and where every group is larger than `count`.
Split hold_out(std::span<const Example> examples, int64_t count, uint64_t seed);

}  // namespace relatum::task
