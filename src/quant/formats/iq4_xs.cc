// iq4_xs: 256 four-bit codes into 16 fixed values; each 32 have a signed scale of six bits (ggml's
// block_iq4_xs).
#include "quant/blocks.h"
#include "quant/format.h"
#include "quant/half.h"
#include "quant/iq4_values.h"
#include "quant/super_block.h"

namespace relatum::quant {
namespace {

constexpr int64_t kBytes = 136;

// Scale of the scales | their upper two bits | four bytes with their nibbles | 128 of codes.
void decode_block(const std::byte* block, float* out) {
  const float d = half_to_float(load<uint16_t>(block));
  const int high = load<uint16_t>(block + 2);
  for (int part = 0; part < 8; ++part) {
    const int low = int(block[4 + part / 2]) >> (part % 2 * 4) & 15;
    const int scale = (low | ((high >> (2 * part)) & 3) << 4) - 32;
    decode_iq4(d * float(scale), block + 8 + part * 16, out + part * 32);
  }
}

}  // namespace

const Format& format_iq4_xs() {
  static const Format format{.name = "iq4_xs",
                             .gguf_type = 23,
                             .block = kSuperBlock,
                             .bits = 4.25,
                             .bytes = blocks_bytes<kSuperBlock, kBytes>,
                             .decode = decode_blocks<kSuperBlock, kBytes, decode_block>};
  return format;
}

}  // namespace relatum::quant
