// q5_1: blocks of 32 five-bit codes with half-precision scale and minimum (ggml's block_q5_1).
#include "quant/blocks.h"
#include "quant/format.h"
#include "quant/half.h"
#include "quant/high_bits.h"

namespace relatum::quant {
namespace {

constexpr int64_t kValues = 32, kBytes = 24;

void decode_block(const std::byte* block, float* out) {
  const float scale = half_to_float(load<uint16_t>(block));
  const float least = half_to_float(load<uint16_t>(block + 2));
  int32_t codes[kValues];
  read_fifth_bits(block + 4, codes);
#pragma omp simd
  for (int i = 0; i < kValues; ++i) out[i] = scale * float(codes[i]) + least;
}

void encode_block(const float* in, std::byte* block) {
  const auto [least, most] = std::minmax_element(in, in + kValues);
  const float low = *least, scale = (*most - low) / 31;
  const float inverse = scale != 0 ? 1 / scale : 0;
  store(block, float_to_half(scale));
  store(block + 2, float_to_half(low));
  write_fifth_bits(in, block + 4, [&](float x) { return five_bits((x - low) * inverse + 0.5f); });
}

}  // namespace

const Format& format_q5_1() {
  static const Format format{.name = "q5_1",
                             .gguf_type = 7,
                             .block = kValues,
                             .bits = 6,
                             .bytes = blocks_bytes<kValues, kBytes>,
                             .decode = decode_blocks<kValues, kBytes, decode_block>,
                             .encode = encode_blocks<kValues, kBytes, encode_block>};
  return format;
}

}  // namespace relatum::quant
