// The five-bit codes of ggml's q5 blocks, whose fifth bits lie together in front of the nibbles.
#pragma once

#include <array>
#include <cstdint>

#include "quant/blocks.h"
#include "quant/nibbles.h"

namespace relatum::quant {

inline constexpr std::array<uint32_t, 32> kBitOf = [] {
  std::array<uint32_t, 32> bits{};
  for (uint32_t i = 0; i < 32; ++i) bits[i] = uint32_t{1} << i;
  return bits;
}();

/// The 32 five-bit codes of q5_0 and q5_1: four bytes with the fifth bits, then nibbles.
inline void read_fifth_bits(const std::byte* block, int32_t* codes) {
  const auto high = load<uint32_t>(block);
  const auto* low = reinterpret_cast<const uint8_t*>(block + 4);
  // A test of one bit instead of a shift by i, which SSE2 has not.
#pragma omp simd
  for (int i = 0; i < 16; ++i) {
    codes[i] = int32_t(low[i] & 15) | ((high & kBitOf[size_t(i)]) != 0 ? 16 : 0);
    codes[i + 16] = int32_t(low[i] >> 4) | ((high & kBitOf[size_t(i) + 16]) != 0 ? 16 : 0);
  }
}

/// Writes them; code(in[i]) is below 32.
template <class Code>
void write_fifth_bits(const float* in, std::byte* block, const Code& code) {
  uint32_t high = 0;
  for (uint32_t i = 0; i < 32; ++i) high |= (code(in[i]) >> 4) << i;
  store(block, high);
  encode_nibbles(in, block + 4, [&](float x) { return code(x) & 15; });
}

inline uint32_t five_bits(float value) { return truncated(value, 31); }

}  // namespace relatum::quant
