// q4_1: blocks of 32 four-bit codes with half-precision scale and minimum (ggml's block_q4_1).
#include "quant/blocks.h"
#include "quant/format.h"
#include "quant/half.h"
#include "quant/nibbles.h"

namespace relatum::quant {
namespace {

constexpr int64_t kValues = 32, kBytes = 20;

void decode_block(const std::byte* block, float* out) {
  const float scale = half_to_float(load<uint16_t>(block));
  const float least = half_to_float(load<uint16_t>(block + 2));
  const auto* codes = reinterpret_cast<const uint8_t*>(block + 4);
#pragma omp simd
  for (int i = 0; i < 16; ++i) {
    out[i] = float(codes[i] & 15) * scale + least;
    out[i + 16] = float(codes[i] >> 4) * scale + least;
  }
}

void encode_block(const float* in, std::byte* block) {
  const auto [least, most] = std::minmax_element(in, in + kValues);
  const float low = *least, scale = (*most - low) / 15;
  const float inverse = scale != 0 ? 1 / scale : 0;
  store(block, float_to_half(scale));
  store(block + 2, float_to_half(low));
  encode_nibbles(in, block + 4, [&](float x) { return nibble((x - low) * inverse + 0.5f); });
}

}  // namespace

const Format& format_q4_1() {
  static const Format format{.name = "q4_1",
                             .gguf_type = 3,
                             .block = kValues,
                             .bits = 5,
                             .bytes = blocks_bytes<kValues, kBytes>,
                             .decode = decode_blocks<kValues, kBytes, decode_block>,
                             .encode = encode_blocks<kValues, kBytes, encode_block>};
  return format;
}

}  // namespace relatum::quant
