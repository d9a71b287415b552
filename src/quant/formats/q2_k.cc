// q2_k: 256 two-bit codes; each 16 have a scale and a minimum of four bits (ggml's block_q2_K).
#include "quant/blocks.h"
#include "quant/format.h"
#include "quant/half.h"
#include "quant/super_block.h"

namespace relatum::quant {
namespace {

constexpr int64_t kBytes = 84;

// 16 bytes of scales | 64 of codes | scale of the scales | scale of the minima.
void decode_block(const std::byte* block, float* out) {
  const auto* scales = reinterpret_cast<const uint8_t*>(block);
  const auto* codes = scales + 16;
  const float d = half_to_float(load<uint16_t>(block + 80));
  const float m = half_to_float(load<uint16_t>(block + 82));
  for (int part = 0; part < 16; ++part, out += 16) {
    const float scale = d * float(scales[part] & 15), least = m * float(scales[part] >> 4);
    const uint8_t* at = codes + part / 8 * 32 + part % 2 * 16;
    const int shift = part % 8 / 2 * 2;
#pragma omp simd
    for (int i = 0; i < 16; ++i) out[i] = scale * float((at[i] >> shift) & 3) - least;
  }
}

}  // namespace

const Format& format_q2_k() {
  static const Format format{.name = "q2_k",
                             .gguf_type = 10,
                             .block = kSuperBlock,
                             .bits = 2.625,
                             .bytes = blocks_bytes<kSuperBlock, kBytes>,
                             .decode = decode_blocks<kSuperBlock, kBytes, decode_block>};
  return format;
}

}  // namespace relatum::quant
