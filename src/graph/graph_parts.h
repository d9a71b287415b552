// What a graph is made of, as it is read and written part by part.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/document_result.h"

namespace relatum::graph {

/// One place where an entity is named.
struct EntityMention {
  std::string document;
  Stretch span;
  std::string text;
  double probability = 1;
};

struct GraphEntity {
  std::string id, name, type;
  std::string gazetteer{};
  std::vector<EntityMention> mentions{};  ///< by document's id, then by place
};

/// One place that speaks for an edge. `head` and `tail` are places of the edge's own ends.
struct EdgeMention {
  std::string document;
  Stretch sentence, head, tail;
  double probability = 0;
  std::string adapter{};  ///< the hash of the adapter that gave the probability; "": none did
};

struct GraphEdge {
  std::string head, tail;  ///< ids of entities
  std::string label;
  double probability = 0;
  int64_t support = 0;                  ///< distinct sentences, or windows, that speak for it
  std::vector<EdgeMention> mentions{};  ///< by document's id, then by place
};

/// A document of the graph.
struct GraphDocument {
  std::string id, source, sha256, adapter;
};

}  // namespace relatum::graph
