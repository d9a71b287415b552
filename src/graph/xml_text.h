// Text for XML.
#pragma once

#include <string>
#include <string_view>

namespace relatum::graph {

/// For content and quoted attributes alike: & < > " and white space other than the blank become
/// references; characters that XML 1.0 has no place for become U+FFFD.
std::string xml_text(std::string_view text);

}  // namespace relatum::graph
