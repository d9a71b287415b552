// Element types that kernels compute in, and the conversions between them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace relatum {

enum class DType : uint8_t { kF32, kBF16, kI32, kI8 };

constexpr size_t size_of(DType type) {
  return type == DType::kI8 ? 1 : type == DType::kBF16 ? 2 : 4;
}
constexpr std::string_view name_of(DType type) {
  constexpr std::string_view kNames[] = {"f32", "bf16", "i32", "int8"};
  return kNames[size_t(type)];
}

/// The upper half of an IEEE float: 8 bits of exponent, 7 of mantissa.
struct bf16 {
  uint16_t bits = 0;
};

inline float to_float(bf16 x) { return std::bit_cast<float>(uint32_t{x.bits} << 16); }
inline float to_float(float x) { return x; }

/// Rounds to nearest even; a NaN stays a NaN.
inline bf16 to_bf16(float x) {
  const uint32_t u = std::bit_cast<uint32_t>(x);
  const uint32_t rounded = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
  const bool nan = (u & 0x7fffffffu) > 0x7f800000u;
  return {uint16_t(nan ? (u >> 16) | 0x40u : rounded)};
}

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::kF32;
};
template <>
struct DTypeOf<bf16> {
  static constexpr DType value = DType::kBF16;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::kI32;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr DType value = DType::kI8;
};

}  // namespace relatum
