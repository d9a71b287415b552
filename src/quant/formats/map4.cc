// map4: four-bit codes into the tensor's own 16 values, a factor per 32 (layout in quant/map4.h).
// Read from files of bitsandbytes' that nf4 does not hold; what is encoded here has NF4's values.
#include "quant/map4.h"

#include <algorithm>
#include <cmath>

#include "quant/blocks.h"
#include "quant/format.h"
#include "quant/nf4.h"

namespace relatum::quant {
namespace {

size_t bytes(int64_t total) { return Map4Layout(total).bytes; }

void decode(std::span<const std::byte> data, int64_t total, int64_t begin, int64_t count,
            float* out) {
  const Map4Layout layout(total);
  float map[16], values[16];
  std::memcpy(map, data.data() + layout.map, sizeof map);
  for (int64_t at = begin; at < begin + count;) {
    const int64_t block = at / kMap4Block;
    const int64_t end = std::min(begin + count, (block + 1) * kMap4Block);
    const auto factor = load<float>(data.data() + layout.factors + size_t(block) * sizeof(float));
    for (size_t i = 0; i < 16; ++i) values[i] = map[i] * factor;
    for (; at < end; ++at) {
      const auto pair = load<uint8_t>(data.data() + at / 2);
      *out++ = values[at % 2 == 0 ? pair >> 4 : pair & 15];
    }
  }
}

uint8_t nearest_code(float value) {
  uint8_t code = 0;
  while (code < 15 && (kNf4Values[code] + kNf4Values[code + 1u]) / 2 < value) ++code;
  return code;
}

void encode_block(const float* in, int64_t count, std::byte* codes, std::byte* factor) {
  float largest = 0;
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(in[i]));
  store(factor, largest);
  const auto code = [&](int64_t i) {
    return nearest_code(i < count && largest > 0 ? in[i] / largest : 0.0f);
  };
  for (int64_t i = 0; i < count; i += 2) codes[i / 2] = std::byte(code(i) << 4 | code(i + 1));
}

void encode_parts(const Values& values, int64_t total, std::byte* out) {
  constexpr int64_t kPart = 8 * kMap4Block;
  const Map4Layout layout(total);
  std::memset(out + (total + 1) / 2, 0, layout.factors - size_t((total + 1) / 2));
  std::memcpy(out + layout.map, kNf4Values.data(), sizeof kNf4Values);
  parallel_for((total + kPart - 1) / kPart, kEncodeGrain, [&](int64_t begin, int64_t end) {
    float part[kPart];
    for (int64_t first = begin * kPart; first < std::min(total, end * kPart); first += kPart) {
      const int64_t count = std::min(kPart, total - first);
      values(first, count, part);
      for (int64_t at = 0; at < count; at += kMap4Block) {
        encode_block(part + at, std::min(kMap4Block, count - at), out + (first + at) / 2,
                     out + layout.factors + size_t((first + at) / kMap4Block) * sizeof(float));
      }
    }
  });
}

void encode(const float* in, int64_t total, std::byte* out) {
  encode_parts(
      [&](int64_t begin, int64_t count, float* part) { std::copy_n(in + begin, count, part); },
      total, out);
}

}  // namespace

const Format& format_map4() {
  static const Format format{.name = "map4",
                             .block = 1,
                             .bits = 5,
                             .bytes = bytes,
                             .decode = decode,
                             .encode = encode,
                             .encode_parts = encode_parts};
  return format;
}

}  // namespace relatum::quant
