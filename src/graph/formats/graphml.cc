// GraphML: XML that networkx, Gephi, yEd and igraph read.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "graph/format.h"
#include "graph/mentions_json.h"
#include "graph/xml_text.h"

namespace relatum::graph {
namespace {

constexpr std::string_view kHead =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="name" for="node" attr.name="name" attr.type="string"/>
<key id="type" for="node" attr.name="type" attr.type="string"/>
<key id="gazetteer" for="node" attr.name="gazetteer" attr.type="string"/>
<key id="count" for="node" attr.name="count" attr.type="int"/>
<key id="node-mentions" for="node" attr.name="mentions" attr.type="string"/>
<key id="label" for="edge" attr.name="label" attr.type="string"/>
<key id="probability" for="edge" attr.name="probability" attr.type="double"/>
<key id="support" for="edge" attr.name="support" attr.type="int"/>
<key id="edge-mentions" for="edge" attr.name="mentions" attr.type="string"/>
<graph id="graph" edgedefault="directed">
)";

std::string data(std::string_view key, std::string_view value) {
  return fmt::format("<data key=\"{}\">{}</data>", key, xml_text(value));
}

void stream(const GraphStore& store, const ExportRules&, const Put& put) {
  put(kHead);
  store.for_entities([&](const GraphEntity& entity) {
    put(fmt::format("<node id=\"{}\">", xml_text(entity.id)));
    put(data("name", entity.name) + data("type", entity.type));
    if (!entity.gazetteer.empty()) put(data("gazetteer", entity.gazetteer));
    put(data("count", std::to_string(entity.mentions.size())));
    put(data("node-mentions", line_of(mentions_json(entity))) + "</node>\n");
  });
  int64_t number = 0;
  store.for_edges([&](const GraphEdge& edge) {
    put(fmt::format("<edge id=\"e{}\" source=\"{}\" target=\"{}\">", ++number, xml_text(edge.head),
                    xml_text(edge.tail)));
    put(data("label", edge.label) + data("probability", fmt::format("{}", edge.probability)));
    put(data("support", std::to_string(edge.support)));
    put(data("edge-mentions", line_of(mentions_json(edge))) + "</edge>\n");
  });
  put("</graph>\n</graphml>\n");
}

}  // namespace

const GraphFormat& graph_format_graphml() {
  static const GraphFormat format{
      .name = "graphml", .ending = ".graphml", .what = "GraphML", .stream = stream};
  return format;
}

}  // namespace relatum::graph
