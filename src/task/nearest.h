// The known name that a mistyped one probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace relatum::task {

/// The name with the fewest edits (case counts half), or "" where more than half of it changes.
std::string nearest_name(std::string_view name, std::span<const std::string> known);

}  // namespace relatum::task
