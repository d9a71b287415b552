// The 32 four-bit codes of ggml's q4 blocks: low nibbles are the first 16 values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace relatum::quant {

/// A code from its value with the rounding offset added: truncated, at most 15, a NaN gives 0.
inline uint32_t nibble(float value) { return uint32_t(std::min(std::max(0.0f, value), 15.0f)); }

/// Packs code(in[i]) of 32 values.
template <class Code>
void encode_nibbles(const float* in, std::byte* codes, const Code& code) {
  for (int i = 0; i < 16; ++i) codes[i] = std::byte(code(in[i]) | code(in[i + 16]) << 4);
}

}  // namespace relatum::quant
