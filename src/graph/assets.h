// The files of `assets/`, of which a graph's page is made, as the build embedded them.
#pragma once

#include <string_view>

namespace relatum::graph {

std::string_view graph_template();  ///< graph.html: the page with {{names}} for what goes into it
std::string_view graph_style();     ///< graph.css
std::string_view graph_script();    ///< graph.js: draws the graph from the JSON in #data

}  // namespace relatum::graph
