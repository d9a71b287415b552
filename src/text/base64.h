// Base64 as tokenizers' files have it. Not for other rooms.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace relatum::text {

/// The bytes that `text` stands for (RFC 4648, with padding, nothing between the letters); nothing
/// where it is no such text.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace relatum::text
