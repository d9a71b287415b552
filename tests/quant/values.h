// The values of tests/fixtures/quant, computed here and in tools/fixtures/quant.py alike.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "base/rng.h"

namespace relatum::testing {

/// Bell-shaped values that a float holds exactly; every eleventh block of 64 is zero.
inline std::vector<float> fixture_values(int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t block = i / 64;
    const uint64_t bits = mix64(uint64_t(i) + 1);
    int64_t total = -131070;
    for (int shift = 0; shift < 64; shift += 16) total += int64_t((bits >> shift) & 0xffff);
    values[size_t(i)] = block % 11 == 3 ? 0.0f : std::ldexp(float(total), int(-17 - block % 7));
  }
  return values;
}

}  // namespace relatum::testing
