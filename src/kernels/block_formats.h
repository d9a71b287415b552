// The number formats whose rows are multiplied as they are stored.
#pragma once

#include <iterator>
#include <string_view>

namespace relatum::kernels {

/// A table by format has an entry for each, in this order.
enum class BlockFormat { kQ4_0, kQ4_1, kQ5_0, kQ5_1, kQ8_0, kQ4_K, kQ5_K, kQ6_K };
inline constexpr std::string_view kBlockFormatNames[] = {"q4_0", "q4_1", "q5_0", "q5_1",
                                                         "q8_0", "q4_k", "q5_k", "q6_k"};
constexpr int kBlockFormats = int(std::size(kBlockFormatNames));

}  // namespace relatum::kernels
