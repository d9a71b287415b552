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

/// Draws `count` examples, of each label its share of them (by largest remainders; of a label's
/// only example nothing, as long as others are enough). The whole_groups() (task/folds.h) stay on
/// one side, so where only groups are left shares are met as nearly as groups allow, and fewer than
/// `count` may be drawn. Throws Error unless 0 < count < examples.size(), and where every group is
/// larger than `count`.
Split hold_out(std::span<const Example> examples, int64_t count, uint64_t seed);

/// The same with text_groups(): for runs of versions that knew of no documents.
Split hold_out_by_text(std::span<const Example> examples, int64_t count, uint64_t seed);
/// The same as that, drawn from all examples alike, whatever their labels: for runs that versions
/// began which knew no other way.
Split hold_out_regardless(std::span<const Example> examples, int64_t count, uint64_t seed);

}  // namespace relatum::task
