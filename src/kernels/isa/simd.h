// Vector helpers with internal linkage, for the files of kernels/isa only (see table.h).
#pragma once

#include <cstdint>
#include <cstring>

#include "tensor/dtype.h"

namespace {

using relatum::bf16;

#if defined(__AVX512F__)
constexpr int64_t kLanes = 16;
constexpr int64_t kTileVectors = 4;
#else
constexpr int64_t kLanes = 8;
constexpr int64_t kTileVectors = 2;
#endif
constexpr int64_t kTileRows = 4;

[[gnu::always_inline]] inline float load(const float* p) { return *p; }
[[gnu::always_inline]] inline float load(const bf16* p) {
  return __builtin_bit_cast(float, uint32_t(p->bits) << 16);
}
[[gnu::always_inline]] inline void store(float* p, float x) { *p = x; }
// Rounds to nearest even; a NaN may become an infinity's neighbour, but stays a NaN.
[[gnu::always_inline]] inline void store(bf16* p, float x) {
  const uint32_t u = __builtin_bit_cast(uint32_t, x);
  const uint32_t r = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
  p->bits = uint16_t((u & 0x7fffffffu) > 0x7f800000u ? (u >> 16) | 0x40u : r);
}

// e^x; 0 below -87.3, clamped above 88.7; relative error below 2e-7 (degree-6 polynomial on
// |r| <= ln(2)/2 after Cody & Waite's reduction).
[[gnu::always_inline]] inline float fast_exp(float value) {
  const float x = value < -87.3f ? -87.3f : value > 88.7f ? 88.7f : value;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float n = (x * 1.44269504f + kRound) - kRound;
  const float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;
  float p = 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const int32_t half = int32_t(n) >> 1;  // in two steps: 2^n may leave the normal range
  const float s1 = __builtin_bit_cast(float, (half + 127) << 23);
  const float s2 = __builtin_bit_cast(float, (int32_t(n) - half + 127) << 23);
  return value < -87.3f ? 0.0f : p * s1 * s2;
}

[[gnu::always_inline]] inline float sigmoid(float x) { return 1.0f / (1.0f + fast_exp(-x)); }

// erf(x) within 4e-7 of itself: x times a rational function of x^2, fitted to the least relative
// error on |x| < 4 (2.5e-8; evaluation in f32 adds the rest), beyond which a float holds no
// difference from one.
[[gnu::always_inline]] inline float fast_erf(float value) {
  const float x = value < -4.0f ? -4.0f : value > 4.0f ? 4.0f : value;
  const float t = x * x;
  float p = 1.98678400e-6f;
  p = p * t + 2.84566245e-4f;
  p = p * t + 3.88334977e-3f;
  p = p * t + 5.31017618e-2f;
  p = p * t + 1.93545170e-1f;
  p = p * t + 1.12837914f;
  float q = 3.74202107e-5f;
  q = q * t + 1.18557300e-3f;
  q = q * t + 1.52072616e-2f;
  q = q * t + 1.15350047e-1f;
  q = q * t + 5.04857497e-1f;
  q = q * t + 1.0f;
  const float y = x * p / q;
  return y < -1.0f ? -1.0f : y > 1.0f ? 1.0f : y;
}

// A 32-bit hash of (key, i) for dropout masks (the finaliser of MurmurHash3, public domain).
[[gnu::always_inline]] inline uint32_t hash32(uint32_t key, uint32_t i) {
  uint32_t h = key ^ (i * 0x9e3779b9u);
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) * 0xc2b2ae35u;
  return h ^ (h >> 16);
}

}  // namespace
