// q6_k: 256 six-bit codes around 32; each 16 have a signed scale of eight bits (ggml's block_q6_K).
#include <cmath>
#include <cstdlib>

#include "quant/blocks.h"
#include "quant/fit.h"
#include "quant/format.h"
#include "quant/half.h"
#include "quant/super_block.h"

namespace relatum::quant {
namespace {

constexpr int64_t kBytes = 210;
constexpr int kParts = 16, kValues = 16;
constexpr int kHigh = 128, kScales = 192, kScale = 208;  // where they begin; nibbles come first

// Each half of the block has 64 bytes of nibbles, the low ones first, and 32 bytes whose pairs of
// bits are the upper ones of its four quarters.
void decode_block(const std::byte* block, float* out) {
  const auto* low = reinterpret_cast<const uint8_t*>(block);
  const uint8_t* high = low + kHigh;
  const auto* scales = reinterpret_cast<const int8_t*>(block + kScales);
  const float d = half_to_float(load<uint16_t>(block + kScale));
  for (int part = 0; part < kParts; ++part, out += kValues) {
    const int half = part / 8, quarter = part % 8 / 2, odd = part % 2 * 16;
    const float scale = d * float(scales[part]);
    const uint8_t* l = low + half * 64 + quarter % 2 * 32 + odd;
    const uint8_t* h = high + half * 32 + odd;
    const int low_shift = quarter / 2 * 4, high_shift = quarter * 2;
#pragma omp simd
    for (int i = 0; i < kValues; ++i) {
      const int code = ((l[i] >> low_shift) & 15) | ((h[i] >> high_shift) & 3) << 4;
      out[i] = scale * float(code - 32);
    }
  }
}

void write_codes(const uint8_t* codes, std::byte* block) {
  for (int half = 0; half < 2; ++half, codes += 128) {
    for (int i = 0; i < 64; ++i) {
      block[half * 64 + i] = std::byte((codes[i] & 15) | (codes[i + 64] & 15) << 4);
    }
    for (int i = 0; i < 32; ++i) {
      block[kHigh + half * 32 + i] = std::byte(codes[i] >> 4 | codes[i + 32] >> 4 << 2 |
                                               codes[i + 64] >> 4 << 4 | codes[i + 96] >> 4 << 6);
    }
  }
}

void encode_block(const float* in, std::byte* block) {
  float scales[kParts];
  for (int part = 0; part < kParts; ++part) {
    scales[part] = fit_scale(in + part * kValues, kValues, 32);
  }
  const float extreme = extreme_of(scales, kParts);
  const float inverse = extreme != 0 ? -128 / extreme : 0;
  const uint16_t half = float_to_half(extreme / -128);
  store(block + kScale, half);
  uint8_t codes[kSuperBlock];
  for (int part = 0; part < kParts; ++part) {
    const float code = std::min(std::max(-128.0f, std::round(scales[part] * inverse)), 127.0f);
    block[kScales + part] = std::byte(int8_t(code));
    const float scale = half_to_float(half) * code;
    const float by = scale != 0 ? 1 / scale : 0;
    for (int i = part * kValues; i < (part + 1) * kValues; ++i) {
      codes[i] = uint8_t(truncated(in[i] * by + 32.5f, 63));
    }
  }
  write_codes(codes, block);
}

}  // namespace

const Format& format_q6_k() {
  static const Format format{.name = "q6_k",
                             .gguf_type = 14,
                             .block = kSuperBlock,
                             .bits = 6.5625,
                             .bytes = blocks_bytes<kSuperBlock, kBytes>,
                             .decode = decode_blocks<kSuperBlock, kBytes, decode_block>,
                             .encode = encode_blocks<kSuperBlock, kBytes, encode_block>};
  return format;
}

}  // namespace relatum::quant
