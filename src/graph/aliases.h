// Names that stand for others: a table of the user's own.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "graph/normal_name.h"

namespace relatum::graph {

/// What a name stands for.
struct AliasTarget {
  std::string name;         ///< as the table writes it; an entity is called so
  std::string gazetteer{};  ///< the id of the entity, where the table gives one
  int64_t line = 0;
};

class Aliases {
 public:
  Aliases() = default;
  /// Reads a CSV or TSV with a header: `alias` and `name`, `type` where the alias is one for
  /// entities of that type alone, and `id` where the entity has one in the gazetteer. Names are
  /// compared in their normal form. Throws Error with file and line for other columns, cells
  /// that are missing, an alias with two meanings, and a name that is itself an alias.
  static Aliases load(const std::filesystem::path& path, const NameRules& rules = {});
  static Aliases parse(std::string_view text, const std::string& place,
                       const NameRules& rules = {});

  bool empty() const { return targets_.empty(); }
  /// What the name of an entity of this type stands for: the type's own row before that for all.
  const AliasTarget* find(const std::string& type, const std::string& normal) const;

 private:
  std::map<std::pair<std::string, std::string>, AliasTarget> targets_;  // by type, normal form
};

}  // namespace relatum::graph
