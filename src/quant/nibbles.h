// The 32 four-bit codes of ggml's q4 blocks: low nibbles are the first 16 values.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quant/blocks.h"

namespace relatum::quant {

inline uint32_t nibble(float value) { return truncated(value, 15); }

/// Packs code(in[i]) of 32 values.
template <class Code>
void encode_nibbles(const float* in, std::byte* codes, const Code& code) {
  for (int i = 0; i < 16; ++i) codes[i] = std::byte(code(in[i]) | code(in[i + 16]) << 4);
}

}  // namespace relatum::quant
