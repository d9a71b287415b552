// Text, sentences and labels from files made safe for a page.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "task/example.h"

namespace relatum::page {

/// Text made safe for HTML and attribute values. What would not be seen is shown: control
/// characters as their pictures (U+2400 …), the other is_hidden() ones as [U+202E]; bytes that are
/// not UTF-8 become U+FFFD.
std::string escape_html(std::string_view text);

/// The first `most` code points, escaped, with "…" behind them where there are more.
std::string escape_start(std::string_view text, int64_t most);

/// A label, id or other name within running text: its own direction of writing, at most 120 code
/// points.
std::string name_html(std::string_view name);

/// A long sentence cut to what lies near its two entities, with "…" for the rest; both spans are
/// moved along. Texts of at most 600 code points stay as they are; what is kept of longer ones is
/// at most about twice that.
task::Example excerpt_of(const task::Example& example);

/// The excerpt with <mark class="head">, <mark class="tail">, and <mark class="head tail"> where
/// both entities share a part, however they nest or cross.
std::string sentence_html(const task::Example& example);

}  // namespace relatum::page
