// Whether numbers are numbers: NaN and infinities are found by their exponent's bits.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace relatum {

/// True where no value is NaN or infinite. Integer operations without a branch, eight sums at a
/// time, so that the compiler can keep them in vectors: costs a read of the values.
inline bool all_finite(std::span<const float> values) {
  constexpr uint32_t kExponent = 0x7f800000u;
  constexpr size_t kLanes = 8;
  uint32_t bad[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) {
      const uint32_t bits = std::bit_cast<uint32_t>(values[i + k]);
      bad[k] |= uint32_t((bits & kExponent) == kExponent);
    }
  }
  for (; i < values.size(); ++i) {
    bad[0] |= uint32_t((std::bit_cast<uint32_t>(values[i]) & kExponent) == kExponent);
  }
  uint32_t any = 0;
  for (const uint32_t lane : bad) any |= lane;
  return any == 0;
}

}  // namespace relatum
