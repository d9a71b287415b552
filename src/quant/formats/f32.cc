// f32: IEEE single precision as it is.
#include "quant/blocks.h"
#include "quant/format.h"

namespace relatum::quant {
namespace {

void decode(std::span<const std::byte> data, int64_t, int64_t begin, int64_t count, float* out) {
  if (count > 0) std::memcpy(out, data.data() + begin * 4, size_t(count) * 4);
}

void encode(const float* in, int64_t total, std::byte* out) {
  if (total > 0) std::memcpy(out, in, size_t(total) * 4);
}

}  // namespace

const Format& format_f32() {
  static const Format format{.name = "f32",
                             .gguf_type = 0,
                             .safetensors_type = "F32",
                             .block = 1,
                             .bits = 32,
                             .bytes = blocks_bytes<1, 4>,
                             .decode = decode,
                             .encode = encode};
  return format;
}

}  // namespace relatum::quant
