// The edges that one document speaks for, between entities.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/choose_edges.h"

namespace relatum::graph {

/// A candidate edge with the entities that its mentions belong to.
struct EntityCandidate {
  int64_t head = 0, tail = 0;  ///< numbers of entities, in the order of their ids
  std::string label;
  double probability = 0;
};

/// A candidate that speaks for an edge.
struct Proof {
  size_t candidate = 0;
  bool exchanged = false;  ///< its tail is the edge's head
};

struct DocumentEdge {
  int64_t head = 0, tail = 0;
  std::string label;
  double probability = 0;
  std::vector<Proof> proofs;
};

struct DocumentChoice {
  std::vector<DocumentEdge> edges;
  int64_t foreign = 0;   ///< candidates that the schema does not allow
  int64_t loops = 0;     ///< candidates from an entity to itself
  int64_t unlikely = 0;  ///< other candidates that no edge came of
  bool proven = true;
};

/// Candidates of one head, label and tail are one edge, as probable as the surest of them; of these
/// edges choose_edges() takes a set. Of a symmetric relation one edge is given, from the entity
/// with the smaller number; of inverse ones both edges, whichever was asked. Edges that are tied
/// together have one probability, that of the mean of their log-odds: both directions are read from
/// the same words, so a second one makes nothing surer. What speaks for an edge are its candidates
/// above the threshold, in either direction. `types`: of each entity, by its number.
DocumentChoice choose_document(std::span<const EntityCandidate> candidates,
                               std::span<const std::string> types, const Schema& schema,
                               const ChoiceOptions& options);

}  // namespace relatum::graph
