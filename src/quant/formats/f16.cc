// f16: IEEE half precision.
#include "quant/blocks.h"
#include "quant/format.h"
#include "quant/half.h"

namespace relatum::quant {
namespace {

void decode(std::span<const std::byte> data, int64_t, int64_t begin, int64_t count, float* out) {
  const std::byte* in = data.data() + begin * 2;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) out[i] = half_to_float(load<uint16_t>(in + i * 2));
}

void encode(const float* in, int64_t total, std::byte* out) {
  parallel_for(total, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) store(out + i * 2, float_to_half(in[i]));
  });
}

}  // namespace

const Format& format_f16() {
  static const Format format{.name = "f16",
                             .gguf_type = 1,
                             .safetensors_type = "F16",
                             .block = 1,
                             .bits = 16,
                             .bytes = blocks_bytes<1, 2>,
                             .decode = decode,
                             .encode = encode};
  return format;
}

}  // namespace relatum::quant
