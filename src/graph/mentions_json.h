// Mentions as JSON, as the forms that have no lists of their own carry them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "graph/graph_parts.h"

namespace relatum::graph {

/// {"document","start","end","text","probability"}.
nlohmann::ordered_json mention_json(const EntityMention& mention);
/// {"document","sentence":{"start","end"},"head":{…},"tail":{…},"probability","adapter"}; no
/// adapter where none was asked.
nlohmann::ordered_json mention_json(const EdgeMention& mention);
/// All mentions of an entity or an edge.
nlohmann::ordered_json mentions_json(const GraphEntity& entity);
nlohmann::ordered_json mentions_json(const GraphEdge& edge);
/// On one line; all is UTF-8.
std::string line_of(const nlohmann::ordered_json& value);

}  // namespace relatum::graph
