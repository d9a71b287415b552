// Super-blocks of 256 values: what ggml's K formats have in common.
#pragma once

#include <cstddef>
#include <cstdint>

namespace relatum::quant {

inline constexpr int64_t kSuperBlock = 256;

/// Scale and minimum of each 32 values of a q4_k or q5_k block, six bits each.
struct SixBitPairs {
  uint8_t scale[8], least[8];
};

/// From 12 bytes. The first four pairs are the low six bits of bytes 0 to 3 and 4 to 7; the others
/// have their low nibbles in bytes 8 to 11 (scale below, minimum above) and their upper two bits
/// above those of the first four.
inline SixBitPairs read_pairs(const uint8_t* bytes) {
  SixBitPairs pairs;
  for (int i = 0; i < 4; ++i) {
    pairs.scale[i] = bytes[i] & 63;
    pairs.least[i] = bytes[i + 4] & 63;
    pairs.scale[i + 4] = uint8_t((bytes[i + 8] & 15) | (bytes[i] >> 6) << 4);
    pairs.least[i + 4] = uint8_t((bytes[i + 8] >> 4) | (bytes[i + 4] >> 6) << 4);
  }
  return pairs;
}

inline void write_pairs(const SixBitPairs& pairs, uint8_t* bytes) {
  for (int i = 0; i < 4; ++i) {
    bytes[i] = uint8_t(pairs.scale[i] | (pairs.scale[i + 4] >> 4) << 6);
    bytes[i + 4] = uint8_t(pairs.least[i] | (pairs.least[i + 4] >> 4) << 6);
    bytes[i + 8] = uint8_t((pairs.scale[i + 4] & 15) | (pairs.least[i + 4] & 15) << 4);
  }
}

/// q4_k and q5_k: searches the scales of a block's eight parts, writes them as its first 16 bytes
/// (both scales of the scales, 12 bytes of pairs) and gives 256 codes from 0 to `most`.
void encode_pairs(const float* values, int most, std::byte* block, uint8_t* codes);

}  // namespace relatum::quant
