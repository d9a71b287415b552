// Numbers in sentences: with their noun, and with separators.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relatum {

/// "1 epoch", "3 epochs"; `plural` where an s is not enough.
std::string counted(int64_t count, std::string_view noun, std::string_view plural = "");
/// 331776 becomes "331,776".
std::string grouped(uint64_t number);

}  // namespace relatum
