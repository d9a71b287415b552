// Encodes the super-blocks whose parts have a scale and a minimum.
#include "quant/super_block.h"

#include <algorithm>
#include <cmath>

#include "quant/blocks.h"
#include "quant/fit.h"
#include "quant/half.h"

namespace relatum::quant {
namespace {

constexpr int kParts = 8, kValues = 32;

// Six bits for each part's number (none is negative), and what they are to be multiplied with.
uint16_t six_bits(const float* numbers, uint8_t* bits) {
  const float largest = *std::max_element(numbers, numbers + kParts);
  const float inverse = largest > 0 ? 63 / largest : 0;
  for (int i = 0; i < kParts; ++i) {
    bits[i] = uint8_t(truncated(std::round(numbers[i] * inverse), 63));
  }
  return float_to_half(largest / 63);
}

}  // namespace

void encode_pairs(const float* values, int most, std::byte* block, uint8_t* codes) {
  float scales[kParts], leasts[kParts];
  for (int part = 0; part < kParts; ++part) {
    const Line line = fit_line(values + part * kValues, kValues, most);
    scales[part] = line.scale;
    leasts[part] = -line.low;
  }
  SixBitPairs pairs;
  const uint16_t half_d = six_bits(scales, pairs.scale), half_m = six_bits(leasts, pairs.least);
  store(block, half_d);
  store(block + 2, half_m);
  write_pairs(pairs, reinterpret_cast<uint8_t*>(block + 4));
  const float d = half_to_float(half_d), m = half_to_float(half_m);
  for (int part = 0; part < kParts; ++part) {
    const float scale = d * float(pairs.scale[part]), least = m * float(pairs.least[part]);
    const float inverse = scale != 0 ? 1 / scale : 0;
    for (int i = part * kValues; i < (part + 1) * kValues; ++i) {
      codes[i] = uint8_t(truncated((values[i] + least) * inverse + 0.5f, most));
    }
  }
}

}  // namespace relatum::quant
