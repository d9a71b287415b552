// The files of `assets/` and the drawing library, as the build embedded them.
#pragma once

#include <string_view>

namespace relatum::page {

std::string_view page_template();  ///< page.html: the frame, with {{names}} for what goes into it
std::string_view page_style();     ///< page.css
std::string_view page_script();    ///< page.js: what a page does without drawings
/// Observable Plot with our drawings, one script with the licences of its parts; empty where the
/// build had no npm.
std::string_view chart_script();
inline bool has_charts() { return !chart_script().empty(); }

}  // namespace relatum::page
