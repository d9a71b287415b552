// Schema, documents, entities and edges in turn.
#include "graph/rdf_graph.h"

#include <fmt/format.h>

#include <set>
#include <span>

#include "base/hash.h"

namespace relatum::graph {
namespace {

class RdfGraph {
 public:
  RdfGraph(const GraphStore& store, RdfForm form, const std::string& base, const Put& put)
      : store_(store), rdf_(form, base, put) {}

  void write() {
    write_schema();
    store_.for_documents([&](const GraphDocument& each) { write_document(each); });
    store_.for_entities([&](const GraphEntity& each) { write_entity(each); });
    store_.for_edges([&](const GraphEdge& each) { write_edge(each); });
    for (const std::string& type : types_) {
      rdf_.text(rdf_.iri("type", type), "rdfs:label", type);
    }
    for (const std::string& label : labels_) {
      rdf_.text(rdf_.iri("relation", label), "rdfs:label", label);
    }
    rdf_.finish();
  }

 private:
  std::string word(const char* name) const { return rdf_.iri("vocabulary", name); }

  void write_schema() {
    const Schema schema = store_.schema();
    for (const auto& [type, description] : schema.entities()) {
      const std::string iri = rdf_.iri("type", type);
      rdf_.link(iri, "rdf:type", "rdfs:Class");
      if (!description.empty()) rdf_.text(iri, "rdfs:comment", description);
      types_.insert(type);
    }
    for (const RelationType& relation : schema.relations()) {
      const std::string iri = rdf_.iri("relation", relation.name);
      rdf_.link(iri, "rdf:type", "rdf:Property");
      if (relation.symmetric) rdf_.link(iri, "rdf:type", "owl:SymmetricProperty");
      if (!relation.inverse.empty()) {
        rdf_.link(iri, "owl:inverseOf", rdf_.iri("relation", relation.inverse));
      }
      if (!relation.description.empty()) rdf_.text(iri, "rdfs:comment", relation.description);
      labels_.insert(relation.name);
    }
  }

  void write_document(const GraphDocument& document) {
    const std::string iri = rdf_.iri("document", document.id);
    rdf_.link(iri, "rdf:type", word("Document"));
    rdf_.text(iri, "rdfs:label", document.id);
    rdf_.text(iri, word("source"), document.source);
    rdf_.text(iri, word("sha256"), document.sha256);
  }

  void write_entity(const GraphEntity& entity) {
    const std::string iri = rdf_.iri("entity", entity.id);
    rdf_.link(iri, "rdf:type",
              entity.type.empty() ? word("Entity") : rdf_.iri("type", entity.type));
    if (!entity.type.empty()) types_.insert(entity.type);
    rdf_.text(iri, "rdfs:label", entity.name);
    if (!entity.gazetteer.empty()) rdf_.text(iri, word("gazetteer"), entity.gazetteer);
    std::vector<std::string> nodes;
    for (size_t i = 0; i < entity.mentions.size(); ++i) {
      nodes.push_back(fmt::format("{}/{}", rdf_.iri("mention", entity.id), i + 1));
      rdf_.link(iri, word("mention"), nodes.back());
    }
    for (size_t i = 0; i < entity.mentions.size(); ++i) {
      const EntityMention& mention = entity.mentions[i];
      rdf_.link(nodes[i], word("document"), rdf_.iri("document", mention.document));
      write_stretch(nodes[i], "start", "end", mention.span);
      rdf_.text(nodes[i], word("text"), mention.text);
      rdf_.real(nodes[i], word("probability"), mention.probability);
    }
  }

  void write_edge(const GraphEdge& edge) {
    const std::string head = rdf_.iri("entity", edge.head), tail = rdf_.iri("entity", edge.tail);
    const std::string relation = rdf_.iri("relation", edge.label);
    labels_.insert(edge.label);
    rdf_.link(head, relation, tail);
    const std::string key = edge.head + '\x1f' + edge.label + '\x1f' + edge.tail;
    const std::string hash = sha256(std::as_bytes(std::span(key))).substr(0, 32);
    const std::string iri = rdf_.iri("statement", hash);
    rdf_.link(iri, "rdf:type", "rdf:Statement");
    rdf_.link(iri, "rdf:subject", head);
    rdf_.link(iri, "rdf:predicate", relation);
    rdf_.link(iri, "rdf:object", tail);
    rdf_.real(iri, word("probability"), edge.probability);
    rdf_.integer(iri, word("support"), edge.support);
    const auto node = [&](size_t i) { return fmt::format("{}/{}", iri, i + 1); };
    for (size_t i = 0; i < edge.mentions.size(); ++i) rdf_.link(iri, word("evidence"), node(i));
    for (size_t i = 0; i < edge.mentions.size(); ++i) {
      const EdgeMention& mention = edge.mentions[i];
      rdf_.link(node(i), word("document"), rdf_.iri("document", mention.document));
      write_stretch(node(i), "start", "end", mention.sentence);
      write_stretch(node(i), "headStart", "headEnd", mention.head);
      write_stretch(node(i), "tailStart", "tailEnd", mention.tail);
      rdf_.real(node(i), word("probability"), mention.probability);
      if (!mention.adapter.empty()) rdf_.text(node(i), word("adapter"), mention.adapter);
    }
  }

  void write_stretch(const std::string& node, const char* start, const char* end,
                     const Stretch& stretch) {
    rdf_.integer(node, word(start), stretch.start);
    rdf_.integer(node, word(end), stretch.end);
  }

  const GraphStore& store_;
  RdfWriter rdf_;
  std::set<std::string> types_, labels_;  // that have come up
};

}  // namespace

void write_rdf(const GraphStore& store, RdfForm form, const std::string& base, const Put& put) {
  RdfGraph(store, form, base, put).write();
}

}  // namespace relatum::graph
