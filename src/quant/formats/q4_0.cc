// q4_0: blocks of 32 four-bit codes around 8 with one half-precision scale (ggml's block_q4_0).
#include "quant/blocks.h"
#include "quant/fit.h"
#include "quant/format.h"
#include "quant/half.h"
#include "quant/nibbles.h"

namespace relatum::quant {
namespace {

constexpr int64_t kValues = 32, kBytes = 18;

void decode_block(const std::byte* block, float* out) {
  const float scale = half_to_float(load<uint16_t>(block));
  const auto* codes = reinterpret_cast<const uint8_t*>(block + 2);
#pragma omp simd
  for (int i = 0; i < 16; ++i) {
    out[i] = float(int(codes[i] & 15) - 8) * scale;
    out[i + 16] = float(int(codes[i] >> 4) - 8) * scale;
  }
}

void encode_block(const float* in, std::byte* block) {
  const float scale = extreme_of(in, kValues) / -8;
  const float inverse = scale != 0 ? 1 / scale : 0;
  store(block, float_to_half(scale));
  encode_nibbles(in, block + 2, [&](float x) { return nibble(x * inverse + 8.5f); });
}

}  // namespace

const Format& format_q4_0() {
  static const Format format{.name = "q4_0",
                             .gguf_type = 2,
                             .block = kValues,
                             .bits = 4.5,
                             .bytes = blocks_bytes<kValues, kBytes>,
                             .decode = decode_blocks<kValues, kBytes, decode_block>,
                             .encode = encode_blocks<kValues, kBytes, encode_block>};
  return format;
}

}  // namespace relatum::quant
