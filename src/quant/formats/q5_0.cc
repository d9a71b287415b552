// q5_0: blocks of 32 five-bit codes around 16 with one half-precision scale (ggml's block_q5_0).
#include "quant/blocks.h"
#include "quant/fit.h"
#include "quant/format.h"
#include "quant/half.h"
#include "quant/high_bits.h"

namespace relatum::quant {
namespace {

constexpr int64_t kValues = 32, kBytes = 22;

void decode_block(const std::byte* block, float* out) {
  const float scale = half_to_float(load<uint16_t>(block));
  int32_t codes[kValues];
  read_fifth_bits(block + 2, codes);
#pragma omp simd
  for (int i = 0; i < kValues; ++i) out[i] = scale * float(codes[i] - 16);
}

void encode_block(const float* in, std::byte* block) {
  const float scale = extreme_of(in, kValues) / -16;
  const float inverse = scale != 0 ? 1 / scale : 0;
  store(block, float_to_half(scale));
  write_fifth_bits(in, block + 2, [&](float x) { return five_bits(x * inverse + 16.5f); });
}

}  // namespace

const Format& format_q5_0() {
  static const Format format{.name = "q5_0",
                             .gguf_type = 6,
                             .block = kValues,
                             .bits = 5.5,
                             .bytes = blocks_bytes<kValues, kBytes>,
                             .decode = decode_blocks<kValues, kBytes, decode_block>,
                             .encode = encode_blocks<kValues, kBytes, encode_block>};
  return format;
}

}  // namespace relatum::quant
