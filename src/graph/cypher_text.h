// Cypher's literals and names.
#pragma once

#include <string>
#include <string_view>

namespace relatum::graph {

/// A string in single quotes. A backslash before a u is cut off from it by a +, as Cypher takes
/// \uXXXX wherever it stands, before strings are read.
std::string cypher_string(std::string_view text);
/// A label or a type in backquotes; those within it are doubled. Where it is empty, `fallback`.
std::string cypher_name(std::string_view name, std::string_view fallback);

}  // namespace relatum::graph
