// Relations of a schema held to one another.
#pragma once

#include <string>
#include <vector>

#include "graph/schema.h"

namespace relatum::graph {

/// A relation with "file:line" of what is said of it.
struct PlacedRelation {
  RelationType type;
  std::string place, inverse_place;
};

/// Gives both relations of an inverse pair what was said of one: its name, its types turned round,
/// that it is acyclic. Throws Error for inverses that are not there or have another inverse, and
/// for settings that contradict one another.
void settle_relations(std::vector<PlacedRelation>& relations);

}  // namespace relatum::graph
