// Names go into a trie whose branches are words.
#include "graph/gazetteer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "graph/gazetteer_names.h"
#include "graph/name_words.h"

namespace relatum::graph {

Gazetteer::Gazetteer(const GazetteerRules& rules) : names_(new Names{rules}) {}
Gazetteer::~Gazetteer() = default;
Gazetteer::Gazetteer(Gazetteer&&) noexcept = default;

uint32_t Gazetteer::Names::node_of(uint32_t root, const std::vector<std::string_view>& keys) {
  uint32_t node = root;
  for (const std::string_view key : keys) {
    const auto fresh = uint32_t(first_entry.size());
    node = branches.add(node, words.add(key), fresh);
    if (node == fresh) first_entry.push_back(kNone);
  }
  return node;
}

std::string Gazetteer::Names::add_meaning(uint32_t node, std::string_view name,
                                          std::string_view type, std::string_view id) {
  uint32_t last = kNone;
  size_t meanings = 0;
  for (uint32_t at = first_entry[node]; at != kNone; at = entries[at].next) {
    if (types[entries[at].type] == type && ids[entries[at].id] == id) return "";
    last = at;
    ++meanings;
  }
  if (meanings == kMostMeanings) {
    return fmt::format("the name has more than {} types and ids", kMostMeanings);
  }
  const auto fresh = uint32_t(entries.size());
  entries.push_back({names.add(name), types.add(type), ids.add(id), kNone});
  (last == kNone ? first_entry[node] : entries[last].next) = fresh;
  names_count += last == kNone;
  return "";
}

std::string Gazetteer::add(std::string_view name, std::string_view type, std::string_view id) {
  if (!utf8_valid(name) || !utf8_valid(type) || !utf8_valid(id)) return "bytes are not UTF-8";
  std::vector<NameWord> words = name_words(name, names_->rules.fold_accents);
  if (words.empty()) return "the name is empty";
  if (words.size() > kMostWords) {
    return fmt::format("the name has {} words, more than {}", words.size(), kMostWords);
  }
  if (type.empty()) return "the name has no type";
  const int64_t above = names_->rules.ignore_case_above;
  const bool folded = above >= 0 && count_letters(name) > above;
  std::vector<std::string_view> keys;
  for (const NameWord& word : words) keys.push_back(folded ? word.folded : word.exact);
  const uint32_t root = folded ? Names::kFolded : Names::kExact;
  const uint32_t whole = names_->node_of(root, keys);
  if (keys.size() > 1 && keys.back() == ".") {
    keys.pop_back();  // "Acme Inc." is found without its full stop, too
    const uint32_t bare = names_->node_of(root, keys);
    // First, as what the whole name means, this one does, and it may be full before that is.
    const std::string problem = names_->add_meaning(bare, name, type, id);
    if (!problem.empty()) return problem;
  }
  return names_->add_meaning(whole, name, type, id);
}

int64_t Gazetteer::names() const { return names_->names_count; }
int64_t Gazetteer::entries() const { return int64_t(names_->entries.size()); }
std::set<std::string> Gazetteer::types() const {
  std::set<std::string> types;
  for (uint32_t i = 0; i < names_->types.size(); ++i) types.emplace(names_->types[i]);
  return types;
}
const std::vector<std::string>& Gazetteer::bad_rows() const { return names_->bad_rows; }
const std::vector<std::string>& Gazetteer::notes() const { return names_->notes; }

uint64_t Gazetteer::memory_bytes() const {
  return names_->words.memory_bytes() + names_->types.memory_bytes() +
         names_->branches.memory_bytes() + names_->names.memory_bytes() +
         names_->ids.memory_bytes() + names_->first_entry.capacity() * sizeof(uint32_t) +
         names_->entries.capacity() * sizeof(Names::Entry);
}

}  // namespace relatum::graph
