// A number and its noun, in the singular where it is one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relatum {

/// "1 epoch", "3 epochs"; `plural` where an s is not enough.
std::string counted(int64_t count, std::string_view noun, std::string_view plural = "");

}  // namespace relatum
