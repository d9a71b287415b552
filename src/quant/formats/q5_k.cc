// q5_k: 256 five-bit codes; each 32 have a scale and a minimum of six bits (ggml's block_q5_K).
#include "quant/blocks.h"
#include "quant/format.h"
#include "quant/half.h"
#include "quant/super_block.h"

namespace relatum::quant {
namespace {

constexpr int64_t kBytes = 176;

// Scale of the scales | scale of the minima | 12 bytes of both | 32 with the fifth bits, part by
// part upwards | 128 of nibbles.
void decode_block(const std::byte* block, float* out) {
  const float d = half_to_float(load<uint16_t>(block));
  const float m = half_to_float(load<uint16_t>(block + 2));
  const auto* bytes = reinterpret_cast<const uint8_t*>(block + 4);
  const SixBitPairs pairs = read_pairs(bytes);
  const uint8_t* high = bytes + 12;
  for (int part = 0; part < 8; ++part, out += 32) {
    const float scale = d * float(pairs.scale[part]), least = m * float(pairs.least[part]);
    const uint8_t* low = high + 32 + part / 2 * 32;
    const int shift = part % 2 * 4;
#pragma omp simd
    for (int i = 0; i < 32; ++i) {
      const int code = ((low[i] >> shift) & 15) | ((high[i] >> part) & 1) << 4;
      out[i] = scale * float(code) - least;
    }
  }
}

void encode_block(const float* in, std::byte* block) {
  uint8_t codes[kSuperBlock], high[32] = {};
  encode_pairs(in, 31, block, codes);
  for (int part = 0; part < 8; part += 2) {
    const uint8_t* first = codes + part * 32;
    for (int i = 0; i < 32; ++i) {
      high[i] |= uint8_t(first[i] >> 4 << part | first[i + 32] >> 4 << (part + 1));
      block[48 + part * 16 + i] = std::byte((first[i] & 15) | (first[i + 32] & 15) << 4);
    }
  }
  std::memcpy(block + 16, high, sizeof high);
}

}  // namespace

const Format& format_q5_k() {
  static const Format format{.name = "q5_k",
                             .gguf_type = 13,
                             .block = kSuperBlock,
                             .bits = 5.5,
                             .bytes = blocks_bytes<kSuperBlock, kBytes>,
                             .decode = decode_blocks<kSuperBlock, kBytes, decode_block>,
                             .encode = encode_blocks<kSuperBlock, kBytes, encode_block>};
  return format;
}

}  // namespace relatum::quant
