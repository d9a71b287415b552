// Finds the entities of texts with a network and a classifier of its spans.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/find_spans.h"
#include "jobs/entity_data.h"

namespace relatum::jobs {

/// A stretch of a document that names an entity.
struct FoundEntity {
  task::Piece span;
  int32_t type = 0;        ///< its place in the inventory
  double probability = 0;  ///< softmax over "none" and the types
};

/// What of these stays where training entities never overlapped: of two that do, the surer one, at
/// equal probabilities the one that begins first, then the longer one. The rest by their place.
std::vector<FoundEntity> without_overlaps(std::vector<FoundEntity> found);

/// The runs of words of a document that are looked at.
struct TextRuns {
  std::string_view text;
  std::vector<WordRun> runs;
};

struct EntitySearch {
  engine::Worker& worker;
  const nn::SpanHead& head;
  bool overlap = false;        ///< entities may overlap
  engine::SpanSearch spans{};  ///< how sure of a span it has to be

  /// The entities of each document, by their place. A run that is longer than the model's context
  /// is cut in halves until it fits; a word that alone does not is no entity. Fewer documents where
  /// the context stops.
  std::vector<std::vector<FoundEntity>> find(std::span<const TextRuns> documents,
                                             const Context& context) const;
};

/// Strict figures: an entity is right where span and type are.
struct EntityScores {
  int64_t right = 0, found = 0, marked = 0;
  double precision() const { return found ? double(right) / double(found) : 0; }
  double recall() const { return marked ? double(right) / double(marked) : 0; }
  double f1() const { return found + marked ? 2 * double(right) / double(found + marked) : 0; }
};
/// Over all documents together; both in the same order.
EntityScores score_entities(std::span<const EntityDocument> documents,
                            std::span<const std::vector<FoundEntity>> found);

}  // namespace relatum::jobs
