// Half precision: all values, ties, overflow.
#include "quant/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "quant/format.h"

namespace relatum::quant {
namespace {

TEST(Half, EveryValueGoesThereAndBack) {
  for (uint32_t h = 0; h < 65536; ++h) {
    const float value = half_to_float(uint16_t(h));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(half_to_float(float_to_half(value))));
    } else {
      ASSERT_EQ(float_to_half(value), h);
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  for (uint32_t h = 0; h < 0x7bff; ++h) {
    const double low = half_to_float(uint16_t(h)), high = half_to_float(uint16_t(h + 1));
    const auto middle = float((low + high) / 2);
    ASSERT_EQ(float_to_half(middle), h % 2 == 0 ? h : h + 1);
    ASSERT_EQ(float_to_half(std::nextafter(middle, 0.0f)), h);
    ASSERT_EQ(float_to_half(std::nextafter(middle, 1e9f)), h + 1);
    ASSERT_EQ(float_to_half(-middle), (h % 2 == 0 ? h : h + 1) | 0x8000u);
  }
}

TEST(Half, OverflowIsInfinite) {
  EXPECT_EQ(float_to_half(65519.0f), 0x7bff);
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_half(3e38f), 0x7c00);
  EXPECT_EQ(float_to_half(-INFINITY), 0xfc00);
}

/// The value that IEEE 754 gives the bits.
float by_definition(uint32_t h) {
  const uint32_t exponent = h >> 10 & 0x1f, mantissa = h & 0x3ff;
  const float sign = h & 0x8000 ? -1.0f : 1.0f;
  if (exponent == 0x1f) return sign * (mantissa ? std::nanf("") : INFINITY);
  return sign * std::ldexp(float(exponent ? mantissa + 0x400 : mantissa),
                           int(exponent ? exponent : 1) - 25);
}

TEST(Half, TheFormatDecodesAllValues) {
  std::vector<uint16_t> all(65536);
  for (size_t h = 0; h < all.size(); ++h) all[h] = uint16_t(h);
  std::vector<float> decoded(all.size());
  format("f16").decode(std::as_bytes(std::span(all)), 65536, 0, 65536, decoded.data());
  for (uint32_t h = 0; h < 65536; ++h) {
    const float expected = by_definition(h), one = half_to_float(uint16_t(h));
    ASSERT_EQ(std::memcmp(&decoded[h], &one, 4), 0) << h;
    if (std::isnan(expected)) ASSERT_TRUE(std::isnan(one)) << h;
    else ASSERT_EQ(std::memcmp(&expected, &one, 4), 0) << h;
  }
}

}  // namespace
}  // namespace relatum::quant
