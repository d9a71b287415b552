// Which adapter each row of a pass is computed with.
#pragma once

#include <cstdint>
#include <vector>

namespace relatum::nn {

class LoraSet;

/// Rows [begin, begin + count) that one adapter serves; nullptr: the base alone.
struct AdapterRows {
  int64_t begin = 0, count = 0;
  const LoraSet* adapter = nullptr;
};

/// Notes that the next `count` rows are this adapter's: neighbours of one adapter are one stretch.
inline void append_rows(std::vector<AdapterRows>& stretches, int64_t count,
                        const LoraSet* adapter) {
  if (count == 0) return;
  if (!stretches.empty() && stretches.back().adapter == adapter) {
    stretches.back().count += count;
    return;
  }
  const int64_t begin = stretches.empty() ? 0 : stretches.back().begin + stretches.back().count;
  stretches.push_back({begin, count, adapter});
}

}  // namespace relatum::nn
