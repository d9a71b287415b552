// Numbers in words: with their noun, in the singular where it is one, and times.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relatum {

/// "1 epoch", "3 epochs"; `plural` where an s is not enough.
std::string counted(int64_t count, std::string_view noun, std::string_view plural = "");

/// Seconds as "12 s", "3 min 20 s", "1 h 05 min".
std::string duration_text(double seconds);

}  // namespace relatum
