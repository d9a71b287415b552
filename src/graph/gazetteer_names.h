// The gazetteer's trie over words: what Gazetteer is made of.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "graph/gazetteer.h"
#include "graph/name_tables.h"

namespace relatum::graph {

struct Gazetteer::Names {
  static constexpr uint32_t kNone = BranchTable::kNone;
  /// Names that are compared as they are written begin at the first root, others at the second.
  enum Root : uint32_t { kExact = 0, kFolded = 1 };

  /// One meaning of a name; those of one node are linked from the first to the last.
  struct Entry {
    uint32_t name, type, id, next;
  };

  GazetteerRules rules;
  WordTable words;
  WordTable types;
  BranchTable branches;
  std::vector<uint32_t> first_entry = {kNone, kNone};  // of each node; kNone: no name ends there
  std::vector<Entry> entries;
  TextPool names, ids;
  int64_t names_count = 0;
  std::vector<std::string> bad_rows, notes;

  uint32_t node_of(uint32_t root, const std::vector<std::string_view>& keys);
  std::string add_meaning(uint32_t node, std::string_view name, std::string_view type,
                          std::string_view id);
};

}  // namespace relatum::graph
