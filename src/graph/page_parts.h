// What a graph's page is made of beside its data: no file, no font and no script from elsewhere.
#pragma once

#include <string_view>

namespace relatum::graph {

std::string_view page_style();
/// The page's body before the data.
std::string_view page_body();
/// Draws the graph from the JSON in #data.
std::string_view page_script();

}  // namespace relatum::graph
