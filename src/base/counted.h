// Numbers in words: with their noun, with separators, and times.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relatum {

/// "1 epoch", "3 epochs"; `plural` where an s is not enough.
std::string counted(int64_t count, std::string_view noun, std::string_view plural = "");
/// 331776 becomes "331,776".
std::string grouped(uint64_t number);

/// Seconds as "12 s", "3 min 20 s", "1 h 05 min".
std::string duration_text(double seconds);

}  // namespace relatum
