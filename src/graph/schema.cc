// What a schema says of types and labels.
#include "graph/schema.h"

#include <algorithm>
#include <iterator>

#include "base/atomic_file.h"

namespace relatum::graph {

Schema Schema::load(const std::filesystem::path& path) {
  return parse(read_file(path), path.string());
}

void Schema::save(const std::filesystem::path& path) const { write_file(path, text_); }

const RelationType* Schema::find(std::string_view label) const {
  const auto at = std::find_if(relations_.begin(), relations_.end(),
                               [&](const RelationType& each) { return each.name == label; });
  return at == relations_.end() ? nullptr : &*at;
}

std::set<std::string> Schema::missing_types(const std::set<std::string>& found) const {
  std::set<std::string> missing;
  for (const RelationType& each : relations_) {
    if (!each.types) continue;
    std::set<std::string> heads, tails;
    for (const auto& [head, tail] : *each.types) {
      heads.insert(head);
      tails.insert(tail);
    }
    for (const std::set<std::string>& end : {heads, tails}) {
      std::vector<std::string> lacking;
      std::ranges::set_difference(end, found, std::back_inserter(lacking));
      const bool any = end.size() == entities_.size() && lacking.size() < end.size();
      if (!any) missing.insert(lacking.begin(), lacking.end());
    }
  }
  return missing;
}

bool Schema::allows_type(const std::string& type) const {
  return entities_.empty() || entities_.contains(type);
}

bool Schema::allows(std::string_view label, const std::string& head,
                    const std::string& tail) const {
  if (!allows_type(head) || !allows_type(tail)) return false;
  if (relations_.empty()) return true;
  const RelationType* relation = find(label);
  return relation && (!relation->types || relation->types->contains({head, tail}));
}

}  // namespace relatum::graph
