// The files of `assets/`, of which a graph's page is made, as the build embedded them.
#pragma once

#include <string_view>

namespace relatum::graph {

std::string_view graph_template();  ///< graph.html: the page with {{names}} for what goes into it
std::string_view graph_style();     ///< graph.css
std::string_view layout_script();   ///< layout.js: places for entities and names of relations
std::string_view drawing_script();  ///< drawing.js: the drawing and its view
std::string_view graph_script();    ///< graph.js: fills the page from the JSON in #data

}  // namespace relatum::graph
