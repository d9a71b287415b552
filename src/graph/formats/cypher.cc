// A Cypher script that makes the graph in Neo4j, without any other file.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "graph/cypher_text.h"
#include "graph/format.h"
#include "graph/mentions_json.h"

namespace relatum::graph {
namespace {

constexpr size_t kBatch = 500;  // rows of one statement

/// Rows by the label that their statement names, which no parameter can stand for.
class Batches {
 public:
  /// `ending`: of a statement, behind its rows; {} is the label.
  Batches(const Put& put, std::string ending) : put_(put), ending_(std::move(ending)) {}

  void add(const std::string& label, std::string row) {
    std::vector<std::string>& rows = rows_[label];
    rows.push_back(std::move(row));
    if (rows.size() == kBatch) write(label, rows);
  }
  void write_all() {
    for (auto& [label, rows] : rows_) {
      if (!rows.empty()) write(label, rows);
    }
  }

 private:
  void write(const std::string& label, std::vector<std::string>& rows) {
    put_("UNWIND [\n");
    for (size_t i = 0; i < rows.size(); ++i) put_(rows[i] + (i + 1 < rows.size() ? ",\n" : "\n"));
    put_(fmt::format(fmt::runtime(ending_), label));
    rows.clear();
  }

  const Put& put_;
  std::string ending_;
  std::map<std::string, std::vector<std::string>> rows_;
};

void stream(const GraphStore& store, const ExportRules&, const Put& put) {
  put("CREATE CONSTRAINT entity_id IF NOT EXISTS FOR (e:Entity) REQUIRE e.id IS UNIQUE;\n");
  Batches nodes(put, "] AS row MERGE (e:Entity {{id: row.id}}) SET e:{}, e += row;\n");
  store.for_entities([&](const GraphEntity& entity) {
    nodes.add(cypher_name(entity.type, "Entity"),
              fmt::format("{{id: {}, name: {}, type: {}, gazetteer: {}, count: {}, mentions: {}}}",
                          cypher_string(entity.id), cypher_string(entity.name),
                          cypher_string(entity.type), cypher_string(entity.gazetteer),
                          entity.mentions.size(), cypher_string(line_of(mentions_json(entity)))));
  });
  nodes.write_all();
  Batches edges(put,
                "] AS row MATCH (h:Entity {{id: row.head}}), (t:Entity {{id: row.tail}}) "
                "MERGE (h)-[r:{}]->(t) SET r += row.properties;\n");
  store.for_edges([&](const GraphEdge& edge) {
    edges.add(cypher_name(edge.label, "RELATED"),
              fmt::format("{{head: {}, tail: {}, properties: {{probability: {}, support: {}, "
                          "mentions: {}}}}}",
                          cypher_string(edge.head), cypher_string(edge.tail), edge.probability,
                          edge.support, cypher_string(line_of(mentions_json(edge)))));
  });
  edges.write_all();
}

}  // namespace

const GraphFormat& graph_format_cypher() {
  static const GraphFormat format{
      .name = "cypher", .ending = ".cypher", .what = "a Cypher script for Neo4j", .stream = stream};
  return format;
}

}  // namespace relatum::graph
