// The formats of stored blocks as products of few rows read them: 32 codes at a time, and what
// these are multiplied with. For the files of kernels/isa only (see table.h).
//
// A format has kValues and kBytes of a block, which has kParts of 32 codes. A part's values are
// scale * code + shift, with kScales scales for equal stretches of it. Factors are what a block's
// scales are decoded to; codes are below 128, or signed from -127 on (kSigned).
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace {

template <class T>
T number_at(const std::byte* p) {
  T value;
  __builtin_memcpy(&value, p, sizeof value);
  return value;
}

float half_at(const std::byte* p) { return _cvtsh_ss(number_at<uint16_t>(p)); }

__m256i bytes_at(const std::byte* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}

// 16 bytes of nibbles as 32 bytes: the lower ones first.
__m256i nibbles_at(const std::byte* p) {
  const __m128i both = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i mask = _mm_set1_epi8(15);
  return _mm256_set_m128i(_mm_and_si128(_mm_srli_epi16(both, 4), mask), _mm_and_si128(both, mask));
}

// 32 bits as bytes that are 16 or 0.
__m256i fifth_bits_at(const std::byte* p) {
#if defined(__AVX512BW__) && defined(__AVX512VL__)
  return _mm256_maskz_mov_epi8(number_at<uint32_t>(p), _mm256_set1_epi8(16));
#else
  // Each byte to eight places, where one bit of it is looked at.
  const __m256i spread = _mm256_set_epi64x(0x0303030303030303, 0x0202020202020202,
                                           0x0101010101010101, 0);
  const __m256i all = _mm256_set1_epi32(number_at<int32_t>(p));
  const __m256i bit = _mm256_set1_epi64x(int64_t(0x8040201008040201));
  const __m256i chosen = _mm256_and_si256(_mm256_shuffle_epi8(all, spread), bit);
  return _mm256_and_si256(_mm256_cmpeq_epi8(chosen, bit), _mm256_set1_epi8(16));
#endif
}

// Bits [2 * pair, 2 * pair + 2) of each byte, moved up to 16 and 32.
template <int kPair>
__m256i upper_pair(__m256i bytes) {
  const __m256i moved = kPair == 0   ? _mm256_slli_epi16(bytes, 4)
                        : kPair == 1 ? _mm256_slli_epi16(bytes, 2)
                        : kPair == 2 ? bytes
                                     : _mm256_srli_epi16(bytes, 2);
  return _mm256_and_si256(moved, _mm256_set1_epi8(0x30));
}

// Formats with one scale and one shift for 32 values.
template <int64_t kBlockBytes>
struct SmallBlock {
  static constexpr int64_t kValues = 32, kBytes = kBlockBytes;
  static constexpr int kParts = 1, kScales = 1;
  static constexpr bool kSigned = false;
  struct Factors {
    float scale[1];
    float shift;
  };
  // sums: of the rows' 32 values each, from the block's first on.
  static void add_shifts(const Factors& f, const float* sums, __m256&, float& rest) {
    rest += f.shift * sums[0];
  }
};

struct Q4_0 : SmallBlock<18> {
  static Factors factors(const std::byte* b) { return {{half_at(b)}, -8.0f * half_at(b)}; }
  template <int>
  static __m256i codes(const std::byte* b) {
    return nibbles_at(b + 2);
  }
};

struct Q4_1 : SmallBlock<20> {
  static Factors factors(const std::byte* b) { return {{half_at(b)}, half_at(b + 2)}; }
  template <int>
  static __m256i codes(const std::byte* b) {
    return nibbles_at(b + 4);
  }
};

struct Q5_0 : SmallBlock<22> {
  static Factors factors(const std::byte* b) { return {{half_at(b)}, -16.0f * half_at(b)}; }
  template <int>
  static __m256i codes(const std::byte* b) {
    return _mm256_or_si256(nibbles_at(b + 6), fifth_bits_at(b + 2));
  }
};

struct Q5_1 : SmallBlock<24> {
  static Factors factors(const std::byte* b) { return {{half_at(b)}, half_at(b + 2)}; }
  template <int>
  static __m256i codes(const std::byte* b) {
    return _mm256_or_si256(nibbles_at(b + 8), fifth_bits_at(b + 4));
  }
};

struct Q8_0 : SmallBlock<34> {
  static constexpr bool kSigned = true;
  static Factors factors(const std::byte* b) { return {{half_at(b)}, 0}; }
  template <int>
  static __m256i codes(const std::byte* b) {
    return bytes_at(b + 2);
  }
  static void add_shifts(const Factors&, const float*, __m256&, float&) {}
};

// q4_k and q5_k: a scale and a minimum of six bits for each 32 of 256 values.
struct PairedBlock {
  static constexpr int64_t kValues = 256;
  static constexpr int kParts = 8, kScales = 1;
  static constexpr bool kSigned = false;
  struct Factors {
    alignas(32) float scale[8];
    __m256 shift;
  };
  static __m256 six_bits(uint32_t low, uint32_t high) {
    const __m128i bytes = _mm_cvtsi64_si128(int64_t(uint64_t{high} << 32 | low));
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
  }
  static Factors factors(const std::byte* b) {
    const auto scales = number_at<uint32_t>(b + 4), leasts = number_at<uint32_t>(b + 8);
    const auto last = number_at<uint32_t>(b + 12);
    const uint32_t six = 0x3f3f3f3f, four = 0x0f0f0f0f, upper = 0x30303030;
    const __m256 s = six_bits(scales & six, (last & four) | ((scales >> 2) & upper));
    const __m256 m = six_bits(leasts & six, ((last >> 4) & four) | ((leasts >> 2) & upper));
    Factors f;
    _mm256_store_ps(f.scale, _mm256_mul_ps(s, _mm256_set1_ps(half_at(b))));
    f.shift = _mm256_mul_ps(m, _mm256_set1_ps(-half_at(b + 2)));
    return f;
  }
  static void add_shifts(const Factors& f, const float* sums, __m256& acc, float&) {
    acc = _mm256_fmadd_ps(f.shift, _mm256_loadu_ps(sums), acc);
  }
  template <int kPart>
  static __m256i nibbles(const std::byte* codes) {
    const __m256i both = bytes_at(codes + kPart / 2 * 32);
    const __m256i moved = kPart % 2 == 0 ? both : _mm256_srli_epi16(both, 4);
    return _mm256_and_si256(moved, _mm256_set1_epi8(15));
  }
};

struct Q4_K : PairedBlock {
  static constexpr int64_t kBytes = 144;
  template <int kPart>
  static __m256i codes(const std::byte* b) {
    return nibbles<kPart>(b + 16);
  }
};

struct Q5_K : PairedBlock {
  static constexpr int64_t kBytes = 176;
  template <int kPart>
  static __m256i codes(const std::byte* b) {
    const __m256i bits = bytes_at(b + 16);
    const __m256i moved = kPart < 4 ? _mm256_slli_epi16(bits, kPart < 4 ? 4 - kPart : 0)
                                    : _mm256_srli_epi16(bits, kPart < 4 ? 0 : kPart - 4);
    const __m256i high = _mm256_and_si256(moved, _mm256_set1_epi8(16));
    return _mm256_or_si256(nibbles<kPart>(b + 48), high);
  }
};

struct Q6_K {
  static constexpr int64_t kValues = 256, kBytes = 210;
  static constexpr int kParts = 8, kScales = 2;
  static constexpr bool kSigned = true;
  struct Factors {
    alignas(32) float scale[16];
  };
  static Factors factors(const std::byte* b) {
    const __m256 d = _mm256_set1_ps(half_at(b + 208));
    const __m128i scales = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + 192));
    Factors f;
    const auto put = [&](__m128i eight, float* to) {
      _mm256_store_ps(to, _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight)), d));
    };
    put(scales, f.scale);
    put(_mm_srli_si128(scales, 8), f.scale + 8);
    return f;
  }
  template <int kPart>
  static __m256i codes(const std::byte* b) {
    constexpr int kHalf = kPart / 4, kQuarter = kPart % 4;
    const __m256i both = bytes_at(b + kHalf * 64 + kQuarter % 2 * 32);
    const __m256i moved = kQuarter < 2 ? both : _mm256_srli_epi16(both, 4);
    const __m256i low = _mm256_and_si256(moved, _mm256_set1_epi8(15));
    const __m256i high = upper_pair<kQuarter>(bytes_at(b + 128 + kHalf * 32));
    return _mm256_sub_epi8(_mm256_or_si256(low, high), _mm256_set1_epi8(32));
  }
  static void add_shifts(const Factors&, const float*, __m256&, float&) {}
};

}  // namespace
