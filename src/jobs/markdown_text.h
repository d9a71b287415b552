// Text from files inside Markdown: nothing of it is taken for markup.
#pragma once

#include <string>
#include <string_view>

namespace relatum::jobs {

/// One line of text, also inside a table's cell: what could be markup or HTML is escaped, what
/// cannot be seen is shown as in printable().
std::string markdown_text(std::string_view text);
/// A fenced block of lines, whatever backticks they have. `language` behind the fence.
std::string markdown_block(std::string_view text, std::string_view language = "");

}  // namespace relatum::jobs
