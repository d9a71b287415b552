// What `--task entities` learns from and is judged by: documents whose entities are marked.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "jobs/choices.h"
#include "jobs/entity_texts.h"
#include "task/document.h"
#include "task/document_counts.h"
#include "task/labels.h"

namespace relatum::jobs {

/// The most words that an entity to be found may have.
inline constexpr int64_t kMostEntityWords = 20;
/// Spans of so many words are looked at, however short the training entities are: a few documents
/// seldom have the longest name.
inline constexpr int64_t kFewestSpanWords = 10;
/// Found entities may overlap where at least this share of the training entities do. Below it, what
/// is found across two names costs more than the nested ones bring: on examples/documents, where
/// 12 % of them overlap, the dev split's strict F1 was 78.3 without overlaps and 72.9 with them.
inline constexpr double kOverlapShare = 0.25;
/// What entities without a type are called.
inline constexpr const char* kUntyped = task::kNoType;

/// The span's type, or kUntyped: what training, prompts and classifiers call it. A run is asked as
/// it was taught only where all of them ask this.
std::string type_of(const task::Span& span);

/// An entity of a run of words, both inclusive; type: its place in the inventory.
struct WordEntity {
  int32_t first = 0, last = 0, type = 0;
};

/// A run of words of a document with the entities in it that can be found.
struct EntityText {
  task::Piece sentence;  ///< that the words are of
  WordRun words;
  std::vector<WordEntity> entities;  ///< by their place, no span twice
};

/// An entity as it was marked; type: its place in the inventory, -1: it has none there.
struct MarkedEntity {
  task::Piece span;
  int32_t type = 0;
  auto operator<=>(const MarkedEntity& other) const {
    return std::tuple(span.start, span.end, type) <=>
           std::tuple(other.span.start, other.span.end, other.type);
  }
  bool operator==(const MarkedEntity&) const = default;
};

struct EntityDocument {
  std::string id, text, place;  ///< place: "FILE:LINE", or the file alone
  std::vector<EntityText> texts;
  std::vector<MarkedEntity> marked;  ///< sorted, each once
  std::vector<task::Piece> sentences;
  std::vector<task::Entity> entities;  ///< as they were given, by their place
  std::vector<task::Relation> relations;
  bool unlabelled = false;  ///< nobody said which relations there are
  std::string file{};       ///< as task::Document has them
  int64_t line = 0, row = 0;
};

struct EntityData {
  std::vector<EntityDocument> train, dev;
  task::Labels types;      ///< in the order in which the training data first have them
  int64_t longest = 1;     ///< words of the longest training entity, at most kMostEntityWords
  double overlapping = 0;  ///< share of the training entities that overlap another
  bool overlap = false;    ///< whether found ones may (kOverlapShare)
  /// What was read, without examples: names, and the labels of relations.
  task::Dataset train_data, dev_data;

  /// Words of the longest span that is looked at.
  int64_t widest() const { return std::max(longest, kFewestSpanWords); }
};

struct EntitySource {
  std::string train, dev;
  int64_t holdout = 0;
  uint64_t seed = 1;
  bool to_find = true;  ///< false: their pairs alone are learned, and any entity will do
};
/// Reads documents of --train and --dev, or holds documents out, those of one text together; cuts
/// them into sentences, but never through an entity. What cannot be learned is told in one warning
/// of its kind each: spans that begin or end inside a word, that are longer than kMostEntityWords,
/// second types of one span; of entities that are not to be found nothing is. Throws Error for data
/// whose rows are pairs, or in which no entity is marked.
EntityData load_entity_data(const EntitySource& source, const DataChoice& choice, const Host& host);

}  // namespace relatum::jobs
