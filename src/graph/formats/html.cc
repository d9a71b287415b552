// A page that needs nothing else: the graph drawn, entities in their sentences, evidence on click.
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "graph/assets.h"
#include "graph/format.h"
#include "graph/mentions_json.h"
#include "graph/xml_text.h"
#include "io/html_frame.h"

namespace relatum::graph {
namespace {

using nlohmann::ordered_json;

std::string in_script(const ordered_json& value) { return io::escape_script(line_of(value)); }

/// The parts of one JSON object, written as they come; ids are numbers there.
class PageData {
 public:
  PageData(const GraphStore& store, const ExportRules& rules, const Put& put)
      : store_(store), rules_(rules), put_(put) {}

  void write() {
    put_("{\"documents\":[");
    store_.for_documents([&](const GraphDocument& document) {
      ordered_json sentences = ordered_json::array();
      store_.for_sentences(document.id, [&](const Stretch& place, const std::string& text) {
        sentences.push_back({place.start, place.end, text});
      });
      documents_.try_emplace(document.id, documents_.size());
      item({{"id", document.id}, {"sentences", sentences}});
    });
    next("],\"entities\":[");
    store_.for_entities([&](const GraphEntity& entity) { write_entity(entity); });
    next("],\"relations\":[");
    store_.for_edges([&](const GraphEdge& edge) { write_edge(edge); });
    ordered_json symmetric = ordered_json::array();
    const Schema schema = store_.schema();
    for (const RelationType& each : schema.relations()) {
      if (each.symmetric) symmetric.push_back(each.name);
    }
    put_("],\"types\":" + in_script(types_) + ",\"symmetric\":" + in_script(symmetric) +
         ",\"run\":" + in_script(rules_.run) + "}");
  }

 private:
  void item(const ordered_json& value) {
    put_((first_ ? "" : ",\n") + in_script(value));
    first_ = false;
  }
  void next(std::string_view text) {
    put_(text);
    first_ = true;
  }

  void write_entity(const GraphEntity& entity) {
    entities_.try_emplace(entity.id, entities_.size());
    types_.insert(entity.type);
    ordered_json mentions = ordered_json::array();
    for (const EntityMention& each : entity.mentions) {
      mentions.push_back(
          {documents_.at(each.document), each.span.start, each.span.end, each.probability});
    }
    item({{"id", entity.id}, {"name", entity.name}, {"type", entity.type}, {"mentions", mentions}});
  }

  void write_edge(const GraphEdge& edge) {
    ordered_json mentions = ordered_json::array();
    for (const EdgeMention& each : edge.mentions) {
      mentions.push_back({documents_.at(each.document), each.sentence.start, each.sentence.end,
                          each.head.start, each.head.end, each.tail.start, each.tail.end,
                          each.probability});
    }
    item({{"head", entities_.at(edge.head)},
          {"tail", entities_.at(edge.tail)},
          {"label", edge.label},
          {"p", edge.probability},
          {"support", edge.support},
          {"mentions", mentions}});
  }

  const GraphStore& store_;
  const ExportRules& rules_;
  const Put& put_;
  bool first_ = true;
  std::map<std::string, size_t> documents_, entities_;
  std::set<std::string> types_;
};

void stream(const GraphStore& store, const ExportRules& rules, const Put& put) {
  const std::string title = rules.documents.empty() ? "Graph"
                                                    : "Graph of " + xml_text(rules.documents);
  const std::array scripts = {layout_script(), drawing_script(), graph_script()};
  io::fill_frame(graph_template(), put, [&](std::string_view name) {
    if (name == "start") put(io::page_start(title, graph_style(), scripts));
    if (name == "title") put(title);
    if (name == "data") PageData(store, rules, put).write();
    if (name == "layout") put(scripts[0]);
    if (name == "drawing") put(scripts[1]);
    if (name == "script") put(scripts[2]);
  });
}

}  // namespace

const GraphFormat& graph_format_html() {
  static const GraphFormat format{
      .name = "html", .ending = ".html", .what = "a page that shows it", .stream = stream};
  return format;
}

}  // namespace relatum::graph
