// Encodes NF4: the codes of the values, then the codes of the blocks' maxima.
#include "quant/nf4.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/parallel_for.h"
#include "quant/blocks.h"

namespace relatum::quant {

// The values that bitsandbytes holds: quantiles of the normal distribution, from the paper.
const std::array<float, 16> kNf4Values = {-1.0f,
                                          -0.6961928009986877f,
                                          -0.5250730514526367f,
                                          -0.39491748809814453f,
                                          -0.28444138169288635f,
                                          -0.18477343022823334f,
                                          -0.09105003625154495f,
                                          0.0f,
                                          0.07958029955625534f,
                                          0.16093020141124725f,
                                          0.24611230194568634f,
                                          0.33791524171829224f,
                                          0.44070982933044434f,
                                          0.5626170039176941f,
                                          0.7229568362236023f,
                                          1.0f};

namespace {

constexpr float kLeastMaximum = 1e-38f;  // bitsandbytes' guard against a division by zero
constexpr int kGrid = 65536;             // bitsandbytes rounds to this grid before it looks up

std::array<float, 256> make_dynamic_map() {
  std::vector<float> values = {0.0f, 1.0f};
  for (int power = 0; power < 7; ++power) {
    // Midpoints of 2^power equal parts of [0.1, 1], computed as torch.linspace does: from both
    // ends towards the middle, with fused multiply-add.
    const int parts = 1 << power;
    const float step = (1.0f - 0.1f) / float(parts);
    const auto boundary = [&](int i) {
      return i < (parts + 1) / 2 ? std::fma(step, float(i), 0.1f)
                                 : std::fma(-step, float(parts - i), 1.0f);
    };
    const auto scale = float(std::pow(10.0, power - 6));
    for (int i = 0; i < parts; ++i) {
      const float middle = (boundary(i) + boundary(i + 1)) / 2.0f;
      values.push_back(scale * middle);
      values.push_back(-scale * middle);
    }
  }
  std::array<float, 256> map;
  RELATUM_CHECK(values.size() == map.size());
  std::sort(values.begin(), values.end());
  std::copy(values.begin(), values.end(), map.begin());
  return map;
}

/// Code of the map's value nearest to each point of the grid over [-1, 1]; ties go down.
const std::vector<uint8_t>& grid_codes() {
  static const std::vector<uint8_t> codes = [] {
    const auto& map = dynamic_map();
    std::vector<uint8_t> table(kGrid);
    size_t code = 0;
    for (int i = 0; i < kGrid; ++i) {
      const float value = -1.0f + float(2 * i) / float(kGrid - 1);
      while (code < 255 && 0.5f * (map[code] + map[code + 1]) < value) ++code;
      table[size_t(i)] = uint8_t(code);
    }
    return table;
  }();
  return codes;
}

/// Codes up to 64 values of a block into bytes and returns their largest magnitude.
float encode_block(const float* in, int64_t count, const std::array<float, 15>& bounds,
                   std::byte* out) {
  float largest = 0;
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(in[i]));
  const bool whole = count == kNf4Block;
  // bitsandbytes multiplies by the inverse in whole blocks and divides in the last, short one;
  // there it also keeps the guarded maximum.
  const float guarded = std::max(largest, kLeastMaximum), inverse = 1.0f / guarded;
  float scaled[kNf4Block] = {};
  int32_t codes[kNf4Block] = {};
  for (int64_t i = 0; i < count; ++i) {
    scaled[i] = std::clamp(whole ? in[i] * inverse : in[i] / guarded, -1.0f, 1.0f);
  }
  for (const float bound : bounds) {
#pragma omp simd
    for (int64_t i = 0; i < kNf4Block; ++i) codes[i] += scaled[i] > bound ? 1 : 0;
  }
  // A last odd value shares its byte with the code of 0, as in bitsandbytes.
  for (int64_t i = 0; i < count; i += 2) out[i / 2] = std::byte(codes[i] << 4 | codes[i + 1]);
  return whole ? largest : guarded;
}

void encode_group(const float* maxima, int64_t count, float offset, std::byte* codes,
                  std::byte* state) {
  float largest = 0;
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(maxima[i] - offset));
  store(state, largest);
  const float inverse = 1.0f / largest;
  const auto& table = grid_codes();
  for (int64_t i = 0; i < count; ++i) {
    const float value = (maxima[i] - offset) * inverse;
    // Written so that a NaN (0 x infinity) ends at the grid's start.
    const float inside = value > -1.0f ? std::min(value, 1.0f) : -1.0f;
    const float place = (inside + 1.0f) * 0.5f * float(kGrid - 1) + 0.5f;
    codes[i] = std::byte(largest == 0.0f ? 0 : table[size_t(place)]);
  }
}

}  // namespace

const std::array<float, 256>& dynamic_map() {
  static const std::array<float, 256> map = make_dynamic_map();
  return map;
}

void nf4_encode(const float* values, int64_t total, std::optional<float> offset, std::byte* out) {
  const Nf4Layout layout(total);
  std::array<float, 15> bounds;
  for (size_t i = 0; i < bounds.size(); ++i) bounds[i] = (kNf4Values[i] + kNf4Values[i + 1]) / 2;
  std::vector<float> maxima(size_t(layout.blocks));
  parallel_for(layout.blocks, kEncodeGrain, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const int64_t first = b * kNf4Block, count = std::min(kNf4Block, total - first);
      maxima[size_t(b)] = encode_block(values + first, count, bounds, out + first / 2);
    }
  });
  double sum = 0;
  for (const float maximum : maxima) sum += maximum;
  const float mean = maxima.empty() ? 0.0f : float(sum / double(maxima.size()));
  const float shift = offset.value_or(mean);
  std::memset(out + layout.maxima, 0, layout.bytes - layout.maxima);
  for (int64_t g = 0; g < layout.groups; ++g) {
    const int64_t first = g * kNf4StateBlock;
    encode_group(maxima.data() + first, std::min(kNf4StateBlock, layout.blocks - first), shift,
                 out + layout.maxima + first, out + layout.state + size_t(g) * sizeof(float));
  }
  store(out + layout.offset, shift);
}

}  // namespace relatum::quant
