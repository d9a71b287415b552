// q3_k: 256 three-bit codes; each 16 have a signed scale of six bits (ggml's block_q3_K).
#include "quant/blocks.h"
#include "quant/format.h"
#include "quant/half.h"
#include "quant/super_block.h"

namespace relatum::quant {
namespace {

constexpr int64_t kBytes = 110;

// Of 16 scales, bytes 0 to 7 have the low nibbles (the first eight below), bytes 8 to 11 two bits
// of each above them: of scales 0 to 3 in their lowest two bits, and so on.
int scale_of(const uint8_t* scales, int part) {
  const int low = part < 8 ? scales[part] & 15 : scales[part - 8] >> 4;
  const int high = (scales[8 + part % 4] >> (part / 4 * 2)) & 3;
  return (low | high << 4) - 32;
}

// 32 bytes with the third bits, set where nothing is subtracted | 64 with the others | 12 of scales
// | their scale.
void decode_block(const std::byte* block, float* out) {
  const auto* high = reinterpret_cast<const uint8_t*>(block);
  const auto* low = high + 32;
  const float d = half_to_float(load<uint16_t>(block + 108));
  for (int part = 0; part < 16; ++part, out += 16) {
    const float scale = d * float(scale_of(low + 64, part));
    const uint8_t* at = low + part / 8 * 32 + part % 2 * 16;
    const uint8_t* mask = high + part % 2 * 16;
    const int shift = part % 8 / 2 * 2, bit = part / 2;
#pragma omp simd
    for (int i = 0; i < 16; ++i) {
      const int code = ((at[i] >> shift) & 3) + ((mask[i] >> bit) & 1) * 4 - 4;
      out[i] = scale * float(code);
    }
  }
}

}  // namespace

const Format& format_q3_k() {
  static const Format format{.name = "q3_k",
                             .gguf_type = 11,
                             .block = kSuperBlock,
                             .bits = 3.4375,
                             .bytes = blocks_bytes<kSuperBlock, kBytes>,
                             .decode = decode_blocks<kSuperBlock, kBytes, decode_block>};
  return format;
}

}  // namespace relatum::quant
