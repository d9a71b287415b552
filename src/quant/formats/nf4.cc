// nf4: 16 normal quantiles per block of 64, maxima coded in 8 bits (layout in quant/nf4.h).
#include "quant/nf4.h"

#include <algorithm>

#include "quant/blocks.h"
#include "quant/format.h"

namespace relatum::quant {
namespace {

size_t bytes(int64_t total) { return Nf4Layout(total).bytes; }

/// The 16 values of one block: NF4's values times the block's decoded maximum.
template <class T>
void block_values(const std::byte* data, const Nf4Layout& layout, int64_t block, T* values) {
  const auto code = load<uint8_t>(data + layout.maxima + block);
  const size_t group = size_t(block / kNf4StateBlock) * sizeof(float);
  const float maximum = dynamic_map()[code] * load<float>(data + layout.state + group) +
                        load<float>(data + layout.offset);
  for (size_t i = 0; i < kNf4Values.size(); ++i) {
    if constexpr (std::is_same_v<T, bf16>) values[i] = to_bf16(kNf4Values[i] * maximum);
    else values[i] = kNf4Values[i] * maximum;
  }
}

/// Values [begin, end) of one block, `out` standing for value `begin`.
template <class T>
void decode_part(const std::byte* data, const T* values, int64_t begin, int64_t end, T* out) {
  const auto code = [&](int64_t i) {
    const auto pair = load<uint8_t>(data + i / 2);
    return i % 2 == 0 ? pair >> 4 : pair & 15;
  };
  int64_t i = begin;
  if (i % 2 != 0 && i < end) *out++ = values[code(i++)];
  for (; i + 1 < end; i += 2, out += 2) {
    const auto pair = load<uint8_t>(data + i / 2);
    out[0] = values[pair >> 4];
    out[1] = values[pair & 15];
  }
  if (i < end) *out = values[code(i)];
}

template <class T>
void decode_range(std::span<const std::byte> data, int64_t total, int64_t begin, int64_t count,
                  T* out) {
  const Nf4Layout layout(total);
  T values[16];
  for (int64_t at = begin; at < begin + count;) {
    const int64_t block = at / kNf4Block;
    const int64_t end = std::min(begin + count, (block + 1) * kNf4Block);
    block_values(data.data(), layout, block, values);
    decode_part(data.data(), values, at, end, out + (at - begin));
    at = end;
  }
}

void encode(const float* in, int64_t total, std::byte* out) {
  nf4_encode(in, total, std::nullopt, out);
}

}  // namespace

const Format& format_nf4() {
  static const Format format{.name = "nf4", .block = 1, .bits = 4.127, .bytes = bytes,
                             .decode = decode_range<float>, .decode_bf16 = decode_range<bf16>,
                             .encode = encode};
  return format;
}

}  // namespace relatum::quant
