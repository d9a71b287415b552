// The readable text of an HTML page.
#pragma once

#include <string>
#include <string_view>

namespace relatum::graph {

/// The text of `page`, valid UTF-8, in the order of the file, as these rules have it:
/// - Left out with all that they hold: head (title, style and scripts stand there), script, style,
///   noscript, template, iframe, object, audio, video, canvas, svg, math, form controls (button,
///   select, textarea, option, datalist), nav, aside, footer; elements whose role is navigation,
///   banner, contentinfo, search, menu, menubar, complementary or toolbar; elements that are hidden
///   (`hidden`, `aria-hidden="true"`, `display:none`); and elements other than html, body, main
///   and article one of whose classes, or whose id, is a word for navigation (kNavigationWords).
/// - Where there is a main element (or role="main"), its text alone counts, if it has any.
/// - Blank space is one blank. A block (p, div, h1, li, tr …) stands apart from its neighbours by
///   an empty line, br ends a line, the cells of a row are parted by a tab; pre keeps its lines.
/// - Entities are decoded; those of HTML 4 by name, all by number. Soft hyphens and blanks without
///   width are left out, no-break blanks are blanks. Pictures' texts are not read.
/// Throws Error where the page nests more than 2,000 elements, or where libxml2 stops before its
/// end; `name` begins the sentence.
std::string html_text(std::string_view page, const std::string& name);

}  // namespace relatum::graph
