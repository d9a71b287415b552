// Float to IEEE half precision, the scale type of ggml's blocks.
#pragma once

#include <bit>
#include <cstdint>

namespace relatum::quant {

/// Rounds to nearest even; too large a value becomes infinite, a NaN stays a NaN.
inline uint16_t float_to_half(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const auto sign = uint16_t((bits >> 16) & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return uint16_t(sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu));
  if (magnitude >= 0x47800000u) return uint16_t(sign | 0x7c00u);  // 65,536 and more
  if (magnitude < 0x38800000u) {
    // Subnormal in half precision: adding 0.5 makes the FPU round at bit 2^-24.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return uint16_t(sign | (std::bit_cast<uint32_t>(shifted) - 0x3f000000u));
  }
  const uint32_t odd = (magnitude >> 13) & 1u;
  return uint16_t(sign | ((magnitude - 0x38000000u + 0xfffu + odd) >> 13));
}

}  // namespace relatum::quant
