// Four-bit codes into 16 values of the tensor's own: what bitsandbytes may save beyond nf4.
#pragma once

#include <cstddef>
#include <cstdint>

namespace relatum::quant {

inline constexpr int64_t kMap4Block = 32;  ///< values that share a factor; bitsandbytes' least

/// Where the parts of a map4 tensor of `total` values lie in its bytes. In this order: codes, two a
/// byte, the first value in the high nibble; padding to 4 bytes; one float per block, its factor;
/// the 16 floats that the codes stand for. A value is its code's float times its block's factor.
struct Map4Layout {
  int64_t blocks;
  size_t factors, map, bytes;  ///< first byte of each part; the whole size

  explicit constexpr Map4Layout(int64_t total)
      : blocks((total + kMap4Block - 1) / kMap4Block), factors(size_t((total + 1) / 2 + 3) / 4 * 4),
        map(factors + size_t(blocks) * sizeof(float)), bytes(map + 16 * sizeof(float)) {}
};

}  // namespace relatum::quant
