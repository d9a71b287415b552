// q8_0: blocks of 32 signed bytes with one half-precision scale (ggml's block_q8_0).
#include <algorithm>
#include <cmath>

#include "quant/blocks.h"
#include "quant/format.h"
#include "quant/half.h"

namespace relatum::quant {
namespace {

constexpr int64_t kValues = 32, kBytes = 34;

void decode_block(const std::byte* block, float* out) {
  const float scale = half_to_float(load<uint16_t>(block));
  const auto* codes = reinterpret_cast<const int8_t*>(block + 2);
#pragma omp simd
  for (int64_t i = 0; i < kValues; ++i) out[i] = scale * float(codes[i]);
}

void encode_block(const float* in, std::byte* block) {
  float largest = 0;
  for (int64_t i = 0; i < kValues; ++i) largest = std::max(largest, std::fabs(in[i]));
  const float scale = largest / 127;
  const float inverse = scale != 0 ? 1 / scale : 0;
  store(block, float_to_half(scale));
  for (int64_t i = 0; i < kValues; ++i) {
    // The clamp matters for non-finite input only; std::max turns a NaN into its first argument.
    const float code = std::min(std::max(-127.0f, std::round(in[i] * inverse)), 127.0f);
    block[2 + i] = std::byte(int8_t(code));
  }
}

}  // namespace

const Format& format_q8_0() {
  static const Format format{.name = "q8_0",
                             .gguf_type = 8,
                             .block = kValues,
                             .bits = 8.5,
                             .bytes = blocks_bytes<kValues, kBytes>,
                             .decode = decode_blocks<kValues, kBytes, decode_block>,
                             .encode = encode_blocks<kValues, kBytes, encode_block>};
  return format;
}

}  // namespace relatum::quant
