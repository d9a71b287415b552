// Text and marked sentences made safe for a page.
#pragma once

#include <string>
#include <string_view>

#include "task/example.h"

namespace relatum::task {

/// Text made safe for HTML and attribute values. What would not be seen is shown: control
/// characters as their pictures (U+2400 …), characters that turn the direction of writing, break
/// lines or have no width as [U+202E]; bytes that are not UTF-8 become U+FFFD.
std::string escape_html(std::string_view text);

/// A sentence with <mark class="head">, <mark class="tail">, and <mark class="head tail"> where
/// both entities share a part, however they nest or cross. Of a long text only what lies near the
/// two entities is shown; "…" stands for the rest.
std::string sentence_html(const Example& example);

}  // namespace relatum::task
