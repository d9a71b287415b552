// NF4 with double quantisation (Dettmers et al. 2023, QLoRA), equal to bitsandbytes on the CPU.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "quant/format.h"

namespace relatum::quant {

inline constexpr int64_t kNf4Block = 64;        ///< values that share an absolute maximum
inline constexpr int64_t kNf4StateBlock = 256;  ///< maxima that share a second-level maximum

/// Where the parts of an NF4 tensor of `total` values lie in its bytes. In this order: codes, two
/// a byte, the first value in the high nibble; one byte per block, the coded maximum less offset;
/// padding to 4 bytes; one float per 256 blocks, their largest; one float, the offset.
struct Nf4Layout {
  int64_t blocks, groups;
  size_t maxima, state, offset, bytes;  ///< first byte of each part; the whole size

  explicit constexpr Nf4Layout(int64_t total)
      : blocks((total + kNf4Block - 1) / kNf4Block),
        groups((blocks + kNf4StateBlock - 1) / kNf4StateBlock), maxima(size_t((total + 1) / 2)),
        state((maxima + size_t(blocks) + 3) / 4 * 4),
        offset(state + size_t(groups) * sizeof(float)), bytes(offset + sizeof(float)) {}
};

/// The 16 values of NF4, ascending from -1 to 1.
extern const std::array<float, 16> kNf4Values;
/// bitsandbytes' signed dynamic map of 256 values, ascending, that codes the maxima.
const std::array<float, 256>& dynamic_map();

/// Encodes `total` values into Nf4Layout(total).bytes bytes, in parallel. `offset` is what is
/// subtracted from the maxima before they are coded; by default float_mean(), which gives the bytes
/// of bitsandbytes on a CPU. Where torch adds up in another order (on GPUs, and more than 32,768
/// blocks on several threads) its offset may differ in the last digit.
void nf4_encode(const Values& values, int64_t total, std::optional<float> offset, std::byte* out);
void nf4_encode(const float* values, int64_t total, std::optional<float> offset, std::byte* out);

}  // namespace relatum::quant
