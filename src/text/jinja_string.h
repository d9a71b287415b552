// Python's white space and the escapes of its string literals.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace relatum::text::jinja {

/// str.isspace() of a code point.
bool is_python_space(char32_t c);
/// Where the text without white space at its ends begins and ends.
size_t python_strip_begin(std::string_view text);
size_t python_strip_end(std::string_view text);

/// The value of what stands between a literal's quotes; nothing where an escape is not known or
/// is no code point. A backslash before any other character stays.
std::optional<std::string> unescaped(std::string_view literal);

}  // namespace relatum::text::jinja
