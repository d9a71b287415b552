// How many entities and relations of one document were found, and what became of the others.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "task/confusion.h"
#include "task/document.h"

namespace relatum::task {

/// What runs call entities that were taught without a type; it counts as none.
inline constexpr const char* kNoType = "entity";

/// How many there are, how many were predicted, and how many of these are right.
struct Tally {
  int64_t right = 0, predicted = 0, gold = 0;
  Tally& operator+=(const Tally& other);
  Scores scores() const { return scores_of(right, predicted, gold); }
};
using TallyByName = std::map<std::string, Tally>;

/// Each gold entity is one of the first four, each predicted one of the first three or the last.
struct EntityErrors {
  int64_t right = 0;     ///< span and type
  int64_t type = 0;      ///< the span, with another type
  int64_t boundary = 0;  ///< a span that overlaps it, of any type
  int64_t missed = 0;    ///< gold that has none of these
  int64_t spurious = 0;  ///< predicted that has none of these
};

/// Each gold relation is one of the first six, each predicted one of the first four or the last
/// two. Ends are compared by their spans.
struct RelationErrors {
  int64_t right = 0;          ///< ends with their types, label and direction
  int64_t end_type = 0;       ///< all but the type of an end
  int64_t direction = 0;      ///< the same label the wrong way round
  int64_t label = 0;          ///< the same ends, in either direction, with another label
  int64_t missed_pair = 0;    ///< both ends were found, and no relation between them
  int64_t lost_entity = 0;    ///< an end was not found
  int64_t spurious_pair = 0;  ///< between two entities of the gold that have no such relation
  int64_t no_entity = 0;      ///< an end is no entity of the gold
};

/// Counts of a document, or of many.
struct DocumentCounts {
  Tally entities_strict;                  ///< span and type
  Tally entities_boundaries;              ///< span alone
  Tally relations_strict;                 ///< both ends' spans and types, label, direction
  Tally relations_boundaries;             ///< both ends' spans, label, direction
  TallyByName types;                      ///< entities_strict by type
  TallyByName labels, labels_boundaries;  ///< relations by label
  EntityErrors entity_errors;
  RelationErrors relation_errors;
  /// Entities that repeat span and type of another one of their document, and count once.
  int64_t repeated_gold = 0, repeated_predicted = 0;
  /// Relations of the label that means none, which are not counted.
  int64_t negative_gold = 0, negative_predicted = 0;

  DocumentCounts& operator+=(const DocumentCounts& other);
};

/// Of one document. Entities of one span and type are one, and so are relations with equal ends and
/// label. A relation whose label is `symmetric` has no direction: both directions are one. A span
/// with gaps is its pieces. Mentions of one gold `cluster` are one end, so that relations of the
/// same label between two clusters are one, whichever mentions they name; clusters that share a
/// mention are one, and those of predictions are not looked at. DocRED's scorer, too, compares
/// relations by their entities' numbers, and not by mentions. `negative`: relations of this label
/// are none, on either side. The order of entities and relations has no part in it: a mistake
/// belongs to one gold and one predicted thing at most, and where it could be several, those that
/// overlap most, of the same type if possible, then the first of the text are taken.
DocumentCounts count_document(const Document& gold, const Document& predicted,
                              const std::set<std::string>& symmetric,
                              const std::string& negative = "");

}  // namespace relatum::task
