// nf4: 16 normal quantiles per block of 64, maxima coded in 8 bits (layout in quant/nf4.h).
// The vectors stand here, not with the kernels, because a format's file is all that knows its
// layout; every machine that Relatum runs on has AVX2.
#include <immintrin.h>

#include <algorithm>

#include "quant/blocks.h"
#include "quant/format.h"
#include "quant/nf4.h"

namespace relatum::quant {
namespace {

size_t bytes(int64_t total) { return Nf4Layout(total).bytes; }

float block_maximum(const std::byte* data, const Nf4Layout& layout, int64_t block) {
  const auto code = load<uint8_t>(data + layout.maxima + block);
  const size_t group = size_t(block / kNf4StateBlock) * sizeof(float);
  return dynamic_map()[code] * load<float>(data + layout.state + group) +
         load<float>(data + layout.offset);
}

/// The 16 values of one block: NF4's values times the block's decoded maximum.
template <class T>
void block_values(const std::byte* data, const Nf4Layout& layout, int64_t block, T* values) {
  const float maximum = block_maximum(data, layout, block);
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

/// Eight floats as bf16 in the lower halves of 32 bits, as to_bf16() rounds them.
[[gnu::target("avx2")]] __m256i rounded(__m256 x) {
  const __m256i bits = _mm256_castps_si256(x), high = _mm256_srli_epi32(bits, 16);
  const __m256i even = _mm256_and_si256(high, _mm256_set1_epi32(1));
  const __m256i near = _mm256_srli_epi32(
      _mm256_add_epi32(bits, _mm256_add_epi32(even, _mm256_set1_epi32(0x7fff))), 16);
  const __m256i quiet = _mm256_or_si256(high, _mm256_set1_epi32(0x40));
  const __m256i lost = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  return _mm256_blendv_epi8(near, quiet, lost);
}

/// The lowest byte of each of 16 words.
[[gnu::target("avx2")]] __m128i lowest_bytes(__m256i first, __m256i second) {
  const __m256i mask = _mm256_set1_epi32(0xff);
  const __m256i words = _mm256_packus_epi32(_mm256_and_si256(first, mask),
                                            _mm256_and_si256(second, mask));
  const __m256i ordered = _mm256_permute4x64_epi64(words, 0xd8);
  return _mm_packus_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
}

/// One whole block: the low and the high bytes of its 16 values are looked up apart.
[[gnu::target("avx2")]] void decode_block(const std::byte* codes, float maximum, bf16* out) {
  const __m256 scale = _mm256_set1_ps(maximum);
  const __m256i first = rounded(_mm256_mul_ps(_mm256_loadu_ps(kNf4Values.data()), scale));
  const __m256i second = rounded(_mm256_mul_ps(_mm256_loadu_ps(kNf4Values.data() + 8), scale));
  const __m128i low = lowest_bytes(first, second), nibble = _mm_set1_epi8(15);
  const __m128i high = lowest_bytes(_mm256_srli_epi32(first, 8), _mm256_srli_epi32(second, 8));
  for (int i = 0; i < kNf4Block / 2; i += 16) {
    const __m128i pairs = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes + i));
    const __m128i odd = _mm_and_si128(pairs, nibble);
    const __m128i even = _mm_and_si128(_mm_srli_epi16(pairs, 4), nibble);
    for (const bool behind : {false, true}) {
      const __m128i places = behind ? _mm_unpackhi_epi8(even, odd) : _mm_unpacklo_epi8(even, odd);
      const __m128i l = _mm_shuffle_epi8(low, places), h = _mm_shuffle_epi8(high, places);
      __m128i* to = reinterpret_cast<__m128i*>(out + 2 * i + (behind ? 16 : 0));
      _mm_storeu_si128(to, _mm_unpacklo_epi8(l, h));
      _mm_storeu_si128(to + 1, _mm_unpackhi_epi8(l, h));
    }
  }
}

void decode_bf16(std::span<const std::byte> data, int64_t total, int64_t begin, int64_t count,
                 bf16* out) {
  const int64_t first = (begin + kNf4Block - 1) / kNf4Block * kNf4Block;
  const int64_t last = (begin + count) / kNf4Block * kNf4Block;
  if (first >= last) return decode_range(data, total, begin, count, out);
  const Nf4Layout layout(total);
  decode_range(data, total, begin, first - begin, out);
  for (int64_t at = first; at < last; at += kNf4Block) {
    decode_block(data.data() + at / 2, block_maximum(data.data(), layout, at / kNf4Block),
                 out + (at - begin));
  }
  decode_range(data, total, last, begin + count - last, out + (last - begin));
}

void encode(const float* in, int64_t total, std::byte* out) {
  nf4_encode(in, total, std::nullopt, out);
}

void encode_parts(const Values& values, int64_t total, std::byte* out) {
  nf4_encode(values, total, std::nullopt, out);
}

}  // namespace

const Format& format_nf4() {
  static const Format format{.name = "nf4",
                             .block = 1,
                             .bits = 4.127,
                             .bytes = bytes,
                             .decode = decode_range<float>,
                             .decode_bf16 = decode_bf16,
                             .encode = encode,
                             .encode_parts = encode_parts};
  return format;
}

}  // namespace relatum::quant
