// The report's drawings as inline SVG.
#pragma once

#include <string>
#include <string_view>

#include "task/evaluate.h"

namespace relatum::task {

/// Text made safe for HTML and attribute values; control characters become U+FFFD.
std::string escape_html(std::string_view text);
/// One bar per label that occurs: F1, with support in its title.
std::string label_bars(const Report& report);
/// Gold in rows, answers in columns; darker is a larger share of the row.
std::string confusion_map(const Report& report);
/// Mean probability against accuracy, per bin; an empty string without probabilities.
std::string reliability_diagram(const Report& report);

}  // namespace relatum::task
