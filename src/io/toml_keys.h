// A look at TOML before it is parsed.
#pragma once

#include <string>
#include <string_view>

namespace relatum::io {

/// A table lies inside another for each part of a dotted key, and a parser walks them one inside
/// the other: tens of thousands would overflow the stack. Throws Error("[where] place:line: …") for
/// a key of a hundred parts.
void check_toml_keys(std::string_view text, const std::string& place, std::string_view where);

}  // namespace relatum::io
