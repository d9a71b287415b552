// Loops over ggml-style blocks: fixed numbers of values in fixed numbers of bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/parallel_for.h"
#include "tensor/dtype.h"

namespace relatum::quant {

inline constexpr int64_t kEncodeGrain = 64;  // blocks per task; a block costs about 0.1 us

/// Reads an unaligned value.
template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// Writes an unaligned value.
template <class T>
void store(std::byte* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

/// A code from its value with the rounding offset added: truncated, at most `most`, a NaN gives 0.
inline uint32_t truncated(float value, int most) {
  return uint32_t(std::min(std::max(0.0f, value), float(most)));
}

template <int64_t kValues, int64_t kBytes>
size_t blocks_bytes(int64_t total) {
  return size_t((total + kValues - 1) / kValues * kBytes);
}

/// Decodes values [begin, begin + count), both multiples of kValues, by decode_one(bytes, out).
template <int64_t kValues, int64_t kBytes, auto decode_one>
void decode_blocks(std::span<const std::byte> data, int64_t, int64_t begin, int64_t count,
                   float* out) {
  const std::byte* block = data.data() + begin / kValues * kBytes;
  for (int64_t i = 0; i < count; i += kValues, block += kBytes) decode_one(block, out + i);
}

/// Encodes a whole tensor in parallel by encode_one(values, bytes).
template <int64_t kValues, int64_t kBytes, auto encode_one>
void encode_blocks(const float* in, int64_t total, std::byte* out) {
  parallel_for(total / kValues, kEncodeGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) encode_one(in + i * kValues, out + i * kBytes);
  });
}

}  // namespace relatum::quant
