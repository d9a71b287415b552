// iq4_nl: blocks of 32 four-bit codes into 16 fixed values with one half-precision scale (ggml's
// block_iq4_nl).
#include "quant/blocks.h"
#include "quant/format.h"
#include "quant/half.h"
#include "quant/iq4_values.h"

namespace relatum::quant {
namespace {

constexpr int64_t kValues = 32, kBytes = 18;

void decode_block(const std::byte* block, float* out) {
  decode_iq4(half_to_float(load<uint16_t>(block)), block + 2, out);
}

}  // namespace

const Format& format_iq4_nl() {
  static const Format format{.name = "iq4_nl",
                             .gguf_type = 20,
                             .block = kValues,
                             .bits = 4.5,
                             .bytes = blocks_bytes<kValues, kBytes>,
                             .decode = decode_blocks<kValues, kBytes, decode_block>};
  return format;
}

}  // namespace relatum::quant
