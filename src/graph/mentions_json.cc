// Keys in the order of the documented form.
#include "graph/mentions_json.h"

#include <nlohmann/json.hpp>

namespace relatum::graph {
namespace {

using nlohmann::ordered_json;

ordered_json stretch_json(const Stretch& stretch) {
  return {{"start", stretch.start}, {"end", stretch.end}};
}

template <class Part>
ordered_json all_mentions(const Part& part) {
  ordered_json mentions = ordered_json::array();
  for (const auto& mention : part.mentions) mentions.push_back(mention_json(mention));
  return mentions;
}

}  // namespace

ordered_json mention_json(const EntityMention& mention) {
  return {{"document", mention.document},
          {"start", mention.span.start},
          {"end", mention.span.end},
          {"text", mention.text},
          {"probability", mention.probability}};
}

ordered_json mention_json(const EdgeMention& mention) {
  ordered_json object = {{"document", mention.document},
                         {"sentence", stretch_json(mention.sentence)},
                         {"head", stretch_json(mention.head)},
                         {"tail", stretch_json(mention.tail)},
                         {"probability", mention.probability}};
  if (!mention.adapter.empty()) object["adapter"] = mention.adapter;
  return object;
}

ordered_json mentions_json(const GraphEntity& entity) { return all_mentions(entity); }

ordered_json mentions_json(const GraphEdge& edge) { return all_mentions(edge); }

std::string line_of(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace relatum::graph
