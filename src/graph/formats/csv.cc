// CSV with Neo4j's import headers: nodes.csv and relationships.csv in a folder.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "graph/format.h"
#include "graph/mentions_json.h"
#include "graph/whole_folder.h"

namespace relatum::graph {
namespace {

// RFC 4180: every text is quoted, a quote in it doubled. Numbers are bare.
std::string csv_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + '"';
}

// Several labels of a node are cut at semicolons, which no quotes protect.
std::string label(std::string type) {
  for (char& c : type) {
    if (c == ';') c = ',';
  }
  return csv_text(type.empty() ? "Entity" : type);
}

void write(const GraphStore& store, const ExportRules&, const std::filesystem::path& path) {
  WholeFolder folder(path);
  AtomicFile nodes(folder.path() / "nodes.csv");
  nodes.write("id:ID,name,type,gazetteer,count:int,mentions,:LABEL\n");
  store.for_entities([&](const GraphEntity& entity) {
    nodes.write(fmt::format("{},{},{},{},{},{},{}\n", csv_text(entity.id), csv_text(entity.name),
                            csv_text(entity.type), csv_text(entity.gazetteer),
                            entity.mentions.size(), csv_text(line_of(mentions_json(entity))),
                            label(entity.type)));
  });
  nodes.commit();
  AtomicFile edges(folder.path() / "relationships.csv");
  edges.write(":START_ID,:END_ID,:TYPE,probability:double,support:int,mentions\n");
  store.for_edges([&](const GraphEdge& edge) {
    edges.write(fmt::format("{},{},{},{},{},{}\n", csv_text(edge.head), csv_text(edge.tail),
                            csv_text(edge.label), edge.probability, edge.support,
                            csv_text(line_of(mentions_json(edge)))));
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
