// Which entity types and relations a graph has, and what relations of them may stand together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relatum::graph {

/// (type of the head, type of the tail).
using TypePair = std::pair<std::string, std::string>;

struct RelationType {
  std::string name, description;
  /// The pairs of types that it may stand between; nothing: any.
  std::optional<std::set<TypePair>> types{};
  bool symmetric = false;  ///< r(a,b) and r(b,a) are one edge
  bool acyclic = false;    ///< following it never leads back to where one began
  std::string inverse{};   ///< the relation s with s(b,a) wherever r(a,b) holds; "": none
  /// The most tails that one head may have; `functional = true` is 1. Nothing: any number.
  std::optional<int64_t> max_per_head{};
};

/// A schema without relations and entity types allows everything.
class Schema {
 public:
  Schema() = default;
  /// Reads schema.toml:
  ///
  ///     [entities]
  ///     PERSON = "A human being who has a name."
  ///     ORG = "A firm, an authority or a club."
  ///
  ///     [relations.works_for]
  ///     description = "The head is employed by the tail."
  ///     head = "PERSON"            # or a list; left out: any type
  ///     tail = ["ORG"]
  ///     types = [["PERSON", "ORG"]]  # instead of head and tail: the pairs themselves
  ///     inverse = "employs"
  ///     functional = true          # or max_per_head = 3
  ///     symmetric = false
  ///     acyclic = false
  ///
  /// Throws Error with file and line for syntax, unknown keys, types and relations that are not
  /// there, and settings that contradict one another.
  static Schema load(const std::filesystem::path& path);
  /// The same; `place` stands for the file in errors.
  static Schema parse(std::string_view text, const std::string& place);

  /// Writes what was read, byte for byte, in one atomic step.
  void save(const std::filesystem::path& path) const;
  const std::string& text() const { return text_; }

  bool empty() const { return entities_.empty() && relations_.empty(); }
  /// Type to its description.
  const std::map<std::string, std::string>& entities() const { return entities_; }
  /// In the order of the file.
  const std::vector<RelationType>& relations() const { return relations_; }
  /// nullptr where there is no such relation.
  const RelationType* find(std::string_view label) const;

  /// The types at either end of relations that `found` lacks; of an end that may be of any type
  /// only where `found` has none of them.
  std::set<std::string> missing_types(const std::set<std::string>& found) const;

  /// Whether entities of the type may be in the graph: any where no type is named.
  bool allows_type(const std::string& type) const;
  /// Whether an edge of this label may stand between these types: any where no relation is named.
  bool allows(std::string_view label, const std::string& head, const std::string& tail) const;

 private:
  std::string text_;
  std::map<std::string, std::string> entities_;
  std::vector<RelationType> relations_;
};

}  // namespace relatum::graph
