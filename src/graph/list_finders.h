// Finders of entities that ask no model: names of a gazetteer, and entities that are given.
#pragma once

#include <memory>
#include <string>

#include "graph/entity_finder.h"
#include "graph/gazetteer.h"

namespace relatum::graph {

/// Every match of the gazetteer is a mention of probability 1, one for each of the name's types and
/// ids. `identity` says what the gazetteer holds and by which rules, by content.
std::unique_ptr<EntityFinder> gazetteer_finder(Gazetteer gazetteer, std::string identity);

/// The entities that came with the documents (DocumentView::given).
std::unique_ptr<EntityFinder> given_finder();

}  // namespace relatum::graph
