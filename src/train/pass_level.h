// Bytes that a pass holds, followed through its steps.
#pragma once

#include <algorithm>
#include <cstdint>

namespace relatum::train {

/// Bytes in use and the most there were.
struct Level {
  int64_t now = 0, peak = 0;
  void take(int64_t bytes) {
    now += bytes;
    brief(0);
  }
  /// Given back at once.
  void brief(int64_t bytes) { peak = std::max(peak, now + bytes); }
  void add(const Level& next) {
    peak = std::max(peak, now + next.peak);
    now += next.now;
  }
};

}  // namespace relatum::train
