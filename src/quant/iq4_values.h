// The 16 values that the codes of ggml's iq4 formats stand for.
#pragma once

#include <array>
#include <cstdint>

#include "quant/nibbles.h"

namespace relatum::quant {

/// Ascending, denser around zero (ggml's kvalues_iq4nl).
inline constexpr std::array<float, 16> kIq4Values = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                     1,    13,   25,  38,  53,  69,  89,  113};

/// 32 values from 16 bytes of nibbles.
inline void decode_iq4(float scale, const std::byte* codes, float* out) {
  float values[16];
  for (size_t i = 0; i < 16; ++i) values[i] = scale * kIq4Values[i];
  for (size_t i = 0; i < 16; ++i) {
    out[i] = values[uint8_t(codes[i]) & 15];
    out[i + 16] = values[uint8_t(codes[i]) >> 4];
  }
}

}  // namespace relatum::quant
