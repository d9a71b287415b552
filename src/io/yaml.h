// Text for YAML files that we write; none are read.
#pragma once

#include <string>
#include <string_view>

namespace relatum::io {

/// A scalar in double quotes on one line, which YAML 1.1 and 1.2 read back as this text: what YAML
/// does not allow in a file, and line ends of any kind, become escapes; bytes that are no UTF-8
/// U+FFFD. JSON's quoting is not enough: it leaves line separators and controls from U+007F on as
/// they are, or else writes what lies beyond U+FFFF as two halves.
std::string yaml_string(std::string_view text);

}  // namespace relatum::io
