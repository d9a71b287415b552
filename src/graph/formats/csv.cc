// CSV with Neo4j's import headers: nodes.csv and relationships.csv in a folder. Every text is
// quoted, numbers are bare: an empty text without quotes would be none for Neo4j.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/printable.h"
#include "base/whole_folder.h"
#include "graph/format.h"
#include "graph/mentions_json.h"
#include "task/delimited.h"

namespace relatum::graph {
namespace {

using task::quoted_field;

constexpr const char *kNodes = "nodes.csv", *kEdges = "relationships.csv";

// Several labels of a node are cut at semicolons, which no quotes protect.
std::string label(std::string type) {
  for (char& c : type) {
    if (c == ';') c = ',';
  }
  return quoted_field(type.empty() ? "Entity" : type);
}

// A folder with other files in it is not ours to replace.
void check_target(const std::filesystem::path& target) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(target, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name == kNodes || name == kEdges) continue;
    fail("graph.format", fmt::format("{} holds '{}', which is no part of a graph and would be "
                                     "lost. Name another folder.",
                                     target.string(), printable(name)));
  }
}

void write(const GraphStore& store, const ExportRules&, const std::filesystem::path& path) {
  check_target(path);
  WholeFolder folder(path);
  AtomicFile nodes(folder.path() / kNodes);
  nodes.write("id:ID,name,type,gazetteer,count:int,mentions,:LABEL\n");
  store.for_entities([&](const GraphEntity& entity) {
    nodes.write(fmt::format("{},{},{},{},{},{},{}\n", quoted_field(entity.id),
                            quoted_field(entity.name), quoted_field(entity.type),
                            quoted_field(entity.gazetteer), entity.mentions.size(),
                            quoted_field(line_of(mentions_json(entity))), label(entity.type)));
  });
  nodes.commit();
  AtomicFile edges(folder.path() / kEdges);
  edges.write(":START_ID,:END_ID,:TYPE,probability:double,support:int,mentions\n");
  store.for_edges([&](const GraphEdge& edge) {
    edges.write(fmt::format("{},{},{},{},{},{}\n", quoted_field(edge.head), quoted_field(edge.tail),
                            quoted_field(edge.label), edge.probability, edge.support,
                            quoted_field(line_of(mentions_json(edge)))));
  });
  edges.commit();
  folder.commit();
}

}  // namespace

const GraphFormat& graph_format_csv() {
  static const GraphFormat format{.name = "csv",
                                  .ending = "",
                                  .what = "a folder of CSV files with Neo4j's import headers",
                                  .write = write};
  return format;
}

}  // namespace relatum::graph
