// Encodes NF4: the codes of the values, then the codes of the blocks' maxima.
#include "quant/nf4.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/parallel_for.h"
#include "quant/blocks.h"
#include "quant/float_mean.h"

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

using Bounds = std::array<float, 15>;  ///< between neighbours of NF4's values, ascending

/// Codes of eight values: how many bounds are below each.
[[gnu::target("avx2")]] __m256i codes_of(const float* in, __m256 inverse, const Bounds& bounds) {
  const __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(in), inverse);
  __m256i codes = _mm256_setzero_si256();
#pragma GCC unroll 15
  for (const float bound : bounds) {
    const __m256 above = _mm256_cmp_ps(scaled, _mm256_set1_ps(bound), _CMP_GT_OQ);
    codes = _mm256_sub_epi32(codes, _mm256_castps_si256(above));
  }
  return codes;
}

/// Codes a whole block of 64 values into 32 bytes and returns its largest magnitude.
[[gnu::target("avx2")]] float encode_block(const float* in, const Bounds& bounds, std::byte* out) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  __m256 largest8 = _mm256_setzero_ps();
  for (int i = 0; i < kNf4Block; i += 8) {
    largest8 = _mm256_max_ps(_mm256_andnot_ps(sign, _mm256_loadu_ps(in + i)), largest8);
  }
  alignas(32) float lanes[8];
  _mm256_store_ps(lanes, largest8);
  const float largest = *std::max_element(lanes, lanes + 8);
  const __m256 inverse = _mm256_set1_ps(1.0f / std::max(largest, kLeastMaximum));
  // Of a pair, the first value's code is the high nibble; packing works within halves of vectors.
  const __m256i places = _mm256_set1_epi16(0x0110),
                order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (int i = 0; i < kNf4Block; i += 32) {
    const __m256i first = _mm256_packs_epi32(codes_of(in + i, inverse, bounds),
                                             codes_of(in + i + 8, inverse, bounds));
    const __m256i second = _mm256_packs_epi32(codes_of(in + i + 16, inverse, bounds),
                                              codes_of(in + i + 24, inverse, bounds));
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(first, second), order);
    const __m256i pairs = _mm256_maddubs_epi16(bytes, places);
    const __m128i packed = _mm_packus_epi16(_mm256_castsi256_si128(pairs),
                                            _mm256_extracti128_si256(pairs, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i / 2), packed);
  }
  return largest;
}

/// The same for a last, short block. bitsandbytes divides there, where it multiplies whole blocks
/// by the inverse, and keeps the guarded maximum.
float encode_rest(const float* in, int64_t count, const Bounds& bounds, std::byte* out) {
  float largest = kLeastMaximum;
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(in[i]));
  const auto code = [&](int64_t i) {
    // A last odd value shares its byte with the code of 0, as in bitsandbytes.
    const float scaled = i < count ? in[i] / largest : 0.0f;
    return std::count_if(bounds.begin(), bounds.end(), [&](float b) { return scaled > b; });
  };
  for (int64_t i = 0; i < count; i += 2) out[i / 2] = std::byte(code(i) << 4 | code(i + 1));
  return largest;
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

void nf4_encode(const Values& values, int64_t total, std::optional<float> offset, std::byte* out) {
  constexpr int64_t kPart = 64;  // blocks; their values fit the cache next to the core
  const Nf4Layout layout(total);
  Bounds bounds;
  for (size_t i = 0; i < bounds.size(); ++i) bounds[i] = (kNf4Values[i] + kNf4Values[i + 1]) / 2;
  std::vector<float> maxima(size_t(layout.blocks));
  parallel_for((layout.blocks + kPart - 1) / kPart, 1, [&](int64_t begin, int64_t end) {
    float part[kPart * kNf4Block];
    for (int64_t p = begin; p < end; ++p) {
      const int64_t first = p * kPart * kNf4Block;
      const int64_t count = std::min(kPart * kNf4Block, total - first);
      values(first, count, part);
      for (int64_t at = 0; at < count; at += kNf4Block) {
        std::byte* codes = out + (first + at) / 2;
        maxima[size_t((first + at) / kNf4Block)] = count - at < kNf4Block
                                                       ? encode_rest(part + at, count - at, bounds,
                                                                     codes)
                                                       : encode_block(part + at, bounds, codes);
      }
    }
  });
  const float shift = offset.value_or(float_mean(maxima));
  std::memset(out + layout.maxima, 0, layout.bytes - layout.maxima);
  for (int64_t g = 0; g < layout.groups; ++g) {
    const int64_t first = g * kNf4StateBlock;
    encode_group(maxima.data() + first, std::min(kNf4StateBlock, layout.blocks - first), shift,
                 out + layout.maxima + first, out + layout.state + size_t(g) * sizeof(float));
  }
  store(out + layout.offset, shift);
}

void nf4_encode(const float* values, int64_t total, std::optional<float> offset, std::byte* out) {
  nf4_encode(
      [&](int64_t begin, int64_t count, float* part) { std::copy_n(values + begin, count, part); },
      total, offset, out);
}

}  // namespace relatum::quant
