// q4_k: 256 four-bit codes; each 32 have a scale and a minimum of six bits (ggml's block_q4_K).
#include <cmath>

#include "quant/blocks.h"
#include "quant/fit.h"
#include "quant/format.h"
#include "quant/half.h"
#include "quant/nibbles.h"
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

// What the parts' scales are divided by, and the codes that are left: six bits each.
float common(const float* values, uint8_t* codes) {
  const float largest = *std::max_element(values, values + kParts);
  const float inverse = largest > 0 ? 63 / largest : 0;
  for (int i = 0; i < kParts; ++i) {
    codes[i] = uint8_t(std::min(std::max(0.0f, std::round(values[i] * inverse)), 63.0f));
  }
  return largest / 63;
}

void encode_block(const float* in, std::byte* block) {
  float scales[kParts], leasts[kParts];
  for (int part = 0; part < kParts; ++part) {
    const Line line = fit_line(in + part * kValues, kValues, 15);
    scales[part] = line.scale;
    leasts[part] = -line.low;
  }
  SixBitPairs pairs;
  const uint16_t half_d = float_to_half(common(scales, pairs.scale));
  const uint16_t half_m = float_to_half(common(leasts, pairs.least));
  store(block, half_d);
  store(block + 2, half_m);
  write_pairs(pairs, reinterpret_cast<uint8_t*>(block + 4));
  const float d = half_to_float(half_d), m = half_to_float(half_m);
  for (int part = 0; part < kParts; part += 2, in += 2 * kValues) {
    const auto code = [&](float x, int at) {
      const float scale = d * float(pairs.scale[at]), least = m * float(pairs.least[at]);
      return scale != 0 ? nibble((x + least) / scale + 0.5f) : 0;
    };
    for (int i = 0; i < kValues; ++i) {
      block[16 + part * 16 + i] = std::byte(code(in[i], part) | code(in[i + kValues], part + 1)
                                                                    << 4);
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
