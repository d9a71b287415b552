// JSON lines: entities, then relations, each with all its mentions.
#include <nlohmann/json.hpp>

#include "graph/format.h"
#include "graph/mentions_json.h"

namespace relatum::graph {
namespace {

using nlohmann::ordered_json;

void stream(const GraphStore& store, const ExportRules&, const Put& put) {
  store.for_entities([&](const GraphEntity& entity) {
    ordered_json line = {
        {"kind", "entity"}, {"id", entity.id}, {"name", entity.name}, {"type", entity.type}};
    if (!entity.gazetteer.empty()) line["gazetteer"] = entity.gazetteer;
    line["mentions"] = mentions_json(entity);
    put(line_of(line) + '\n');
  });
  store.for_edges([&](const GraphEdge& edge) {
    put(line_of({{"kind", "relation"},
                 {"head", edge.head},
                 {"tail", edge.tail},
                 {"label", edge.label},
                 {"probability", edge.probability},
                 {"support", edge.support},
                 {"mentions", mentions_json(edge)}}) +
        '\n');
  });
}

}  // namespace

const GraphFormat& graph_format_jsonl() {
  static const GraphFormat format{
      .name = "jsonl", .ending = ".jsonl", .what = "JSON lines", .stream = stream};
  return format;
}

}  // namespace relatum::graph
