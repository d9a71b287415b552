// Names become entities: by normal form, alias table, gazetteer and, where asked, similarity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "graph/aliases.h"

namespace relatum::graph {

/// All mentions with one type, one normal form and one gazetteer id.
struct Name {
  std::string type;
  std::string normal;       ///< normal_name() of the mentions' texts, articles still there
  std::string gazetteer{};  ///< "": none
  std::string text;  ///< the text of most mentions, one_line(); of several the first by bytes
  int64_t mentions = 1;
};

/// Two names, by their places, and how similar they are.
struct SimilarNames {
  size_t one = 0, other = 0;
  double similarity = 0;
};
/// Finds names that are similar, as an embedder does; which pairs it gives is its own affair, in
/// any order. The same names in the same order give the same pairs.
using NameSimilarity = std::function<std::vector<SimilarNames>(std::span<const Name>)>;

struct MergeRules {
  NameRules names{};
  Aliases aliases{};
  NameSimilarity similarity{};  ///< nothing: not asked
  double similarity_threshold = 0.9;
};

struct MergedEntity {
  std::string id;  ///< the gazetteer's, else "n-" and 16 hexadecimal digits
  std::string name, type;
  std::string gazetteer{};
  int64_t mentions = 0;
};

/// Two names of one type whose similarity made one entity of two.
struct JoinedNames {
  std::string type, one, other;
  double similarity = 0;
};

struct MergedNames {
  std::vector<MergedEntity> entities;  ///< by id, in order of bytes
  std::vector<size_t> entity_of;       ///< by name: its place in `entities`
  std::vector<JoinedNames> joined;     ///< the most similar first; each took an entity away
};

/// By these rules, none of which depends on the order of names or documents:
///
/// - Names with one gazetteer id are one entity, whatever their forms and types; its type is that
///   of most of its mentions (of several, the first by bytes). Names with different ids are never
///   one.
/// - Other names are one entity where type and normal form are equal, after the alias table; the
///   same name with another type is another entity.
/// - A name without an id is that of the gazetteer where its type and normal form are those of
///   names with one id; where there are several, it stays an entity of its own.
/// - Names of one type that are more similar than the threshold are one entity, the most similar
///   first, unless that would join two ids.
///
/// An entity without a gazetteer id is known by the hash of its type and its normal form; where
/// similarity joined several, by that of the first of them by bytes. Throws Error where a
/// gazetteer's id is also one of those.
MergedNames merge_names(std::span<const Name> names, const MergeRules& rules);

}  // namespace relatum::graph
