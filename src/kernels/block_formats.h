// The number formats whose rows are multiplied as they are stored.
#pragma once

namespace relatum::kernels {

/// A table by format has kBlockFormats entries in this order.
enum class BlockFormat { kQ4_0, kQ4_1, kQ5_0, kQ5_1, kQ8_0, kQ4_K, kQ5_K, kQ6_K };
constexpr int kBlockFormats = 8;

}  // namespace relatum::kernels
