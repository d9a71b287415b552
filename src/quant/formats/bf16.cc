// bf16: the upper half of a float.
#include "quant/blocks.h"
#include "quant/format.h"

namespace relatum::quant {
namespace {

void decode(std::span<const std::byte> data, int64_t, int64_t begin, int64_t count, float* out) {
  const std::byte* in = data.data() + begin * 2;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    out[i] = std::bit_cast<float>(uint32_t{load<uint16_t>(in + i * 2)} << 16);
  }
}

void decode_bf16(std::span<const std::byte> data, int64_t, int64_t begin, int64_t count,
                 bf16* out) {
  if (count > 0) std::memcpy(out, data.data() + begin * 2, size_t(count) * 2);
}

void encode(const float* in, int64_t total, std::byte* out) {
  parallel_for(total, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) store(out + i * 2, to_bf16(in[i]).bits);
  });
}

}  // namespace

const Format& format_bf16() {
  static const Format format{.name = "bf16",
                             .gguf_type = 30,
                             .safetensors_type = "BF16",
                             .block = 1,
                             .bits = 16,
                             .bytes = blocks_bytes<1, 2>,
                             .decode = decode,
                             .decode_bf16 = decode_bf16,
                             .encode = encode};
  return format;
}

}  // namespace relatum::quant
