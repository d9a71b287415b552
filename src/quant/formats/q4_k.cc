// q4_k: 256 four-bit codes; each 32 have a scale and a minimum of six bits (ggml's block_q4_K).
#include "quant/blocks.h"
#include "quant/format.h"
#include "quant/half.h"
#include "quant/super_block.h"

namespace relatum::quant {
namespace {

constexpr int64_t kBytes = 144;
constexpr int kParts = 8, kValues = 32;

// Scale of the scales | scale of the minima | 12 bytes of both | 128 of nibbles: the low ones of 32
// bytes are one part, the high ones the next.
void decode_block(const std::byte* block, float* out) {
  const float d = half_to_float(load<uint16_t>(block));
  const float m = half_to_float(load<uint16_t>(block + 2));
  const auto* bytes = reinterpret_cast<const uint8_t*>(block + 4);
  const SixBitPairs pairs = read_pairs(bytes);
  for (int part = 0; part < kParts; part += 2, out += 64) {
    const uint8_t* codes = bytes + 12 + part * 16;
    const float scale = d * float(pairs.scale[part]), least = m * float(pairs.least[part]);
    const float scale1 = d * float(pairs.scale[part + 1]),
                least1 = m * float(pairs.least[part + 1]);
#pragma omp simd
    for (int i = 0; i < kValues; ++i) {
      out[i] = scale * float(codes[i] & 15) - least;
      out[i + kValues] = scale1 * float(codes[i] >> 4) - least1;
    }
  }
}

void encode_block(const float* in, std::byte* block) {
  uint8_t codes[kSuperBlock];
  encode_pairs(in, 15, block, codes);
  for (int part = 0; part < kParts; part += 2) {
    const uint8_t* low = codes + part * kValues;
    for (int i = 0; i < kValues; ++i) {
      block[16 + part * 16 + i] = std::byte(low[i] | low[i + kValues] << 4);
    }
  }
}

}  // namespace

const Format& format_q4_k() {
  static const Format format{.name = "q4_k",
                             .gguf_type = 12,
                             .block = kSuperBlock,
                             .bits = 4.5,
                             .bytes = blocks_bytes<kSuperBlock, kBytes>,
                             .decode = decode_blocks<kSuperBlock, kBytes, decode_block>,
                             .encode = encode_blocks<kSuperBlock, kBytes, encode_block>};
  return format;
}

}  // namespace relatum::quant
