// A text with entities and the relations between them, and the pairs that are asked of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task/example.h"

namespace relatum::task {

/// A stretch of a text in code points, `end` exclusive.
struct Piece {
  int64_t start = 0, end = 0;
  bool operator==(const Piece&) const = default;
};

struct Entity {
  std::string id;
  Span span;  ///< from the start of its first piece to the end of its last one
  /// Its pieces in the order of the text where it has gaps; else empty.
  std::vector<Piece> pieces{};
  /// What it is a mention of, where several entities name one thing: a relation of one of them
  /// holds for all. Empty: a thing of its own.
  std::string cluster{};
  std::optional<double> probability{};  ///< that it is one, where the file says
};

struct Relation {
  std::string head, tail;  ///< ids of entities
  std::string label;
  std::vector<Piece> evidence{};        ///< sentences that show it, where the format names them
  std::optional<double> probability{};  ///< that it holds, where the file says
};

/// Ids of entities are distinct; all relations' ends are entities.
struct Document {
  std::string id, text;
  std::vector<Entity> entities;
  std::vector<Relation> relations;
  int64_t line = 0;  ///< where it stands in its file, from 1; 0 where it has none
  /// Nobody said which relations there are: its pairs are asked, none is a negative.
  bool unlabelled = false;
  /// Made of one Example: entity 0 is the head, entity 1 the tail, and no other pair is asked.
  bool pair = false;
  std::string adapter{};  ///< the adapter that is to answer its pairs, where rows name one
  std::string file{};     ///< where a data set is of several files: the one that it stands in
  int64_t row = 0;        ///< its number from 1 where its file is one array; else 0
};

/// Where it stands; a view of the document.
Place place_of(const Document& document);
/// The one pair of an example, with ids "T1" (head) and "T2".
Document document_of(const Example& example);
/// The entity of this id; nullptr where there is none.
const Entity* find_entity(const Document& document, std::string_view id);
/// Joins pieces into an entity: sorted, those that touch or overlap become one, and an entity of
/// one piece has none. `pieces` is not empty.
Entity entity_of(std::string id, std::string type, std::vector<Piece> pieces);

/// Brings labels and types to their seen_form (task/forms.h), drops relations that stand there
/// twice, and gives what is wrong, or "": ids that are empty or stand there twice, spans that are
/// empty, blank or leave the text, relations to ids that no entity has or without a label, bytes
/// that are not UTF-8. A pair to which something was added is none any more.
std::string settle(Document& document);

/// Which pairs of a document become examples.
struct PairRule {
  /// The label of ordered pairs without a relation; without it, such pairs are no examples.
  std::optional<std::string> negative{};
  /// No document of the data has a relation: all ordered pairs are examples, without a label.
  bool all_unlabelled = false;
  /// Labels name their direction, as in works_for(e2,e1): a pair is asked once, the entity that
  /// stands first as its head, unless a relation says otherwise.
  bool labels_have_direction = false;
  /// At most so many code points of text around a pair; pairs that lie farther apart are left out.
  std::optional<int64_t> window{};
};

/// Of two groups of entities, the pair with the least text between; ties to the earlier ones.
/// `sentences`: of each entity the one that it stands in, or nothing where that is not known; a
/// pair within one sentence comes before all others. Neither group is empty.
std::pair<size_t, size_t> nearest_mentions(const std::vector<Entity>& entities,
                                           const std::vector<size_t>& heads,
                                           const std::vector<size_t>& tails,
                                           std::span<const int64_t> sentences = {});

/// What a document's pairs came to.
struct PairCount {
  int64_t pairs = 0;
  int64_t too_far = 0;  ///< relations whose ends are farther apart than the window
  /// Pairs without a relation are there, and are none for want of PairRule::negative.
  bool unrelated_left_out = false;
};

/// The most text, in bytes, that the pairs of one document may hold together.
inline constexpr int64_t kMostPairText = 32 << 20;

/// Hands on the pairs with a relation in the order of the relations (several labels of a pair
/// become one example), then those without in the order of the entities. Two entities of one span,
/// or of one cluster, are no pair unless a relation says so; of two clusters, the mentions that are
/// nearest to one another are asked, the earlier ones where several are. An example's id is
/// DOCUMENT:HEAD:TAIL, that of a pair the document's. Throws Error where they would hold more than
/// kMostPairText.
PairCount make_pairs(const Document& document, const PairRule& rule,
                     const std::function<void(Example&&)>& take);

}  // namespace relatum::task
