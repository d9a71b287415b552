// Counts words by relation.
#include "task/cue_words.h"

#include <algorithm>

#include "task/error_kinds.h"

namespace relatum::task {

CueWords::CueWords(std::span<const Example> examples, const std::optional<std::string>& negative) {
  for (const Example& example : examples) {
    if (!example.label) continue;
    ++sentences_;
    const std::string relation(split_direction(*example.label).relation);
    const bool none = negative && *example.label == *negative;
    if (!none) ++relations_[relation];
    for (const std::string& form : surroundings_of(example).context) {
      Counts& counts = words_[form];
      ++counts.all;
      if (!none) ++counts.by_relation[relation];
    }
  }
}

bool CueWords::is_cue(const Counts& counts, const std::string& relation, int64_t taken) const {
  const auto found = counts.by_relation.find(relation);
  if (found == counts.by_relation.end()) return false;
  const int64_t with = found->second - taken, all = counts.all - taken;
  if (with < kFewest) return false;
  const int64_t relation_rows = relations_.at(relation) - taken, rows = sentences_ - taken;
  return 2 * with * rows >= all * (rows + relation_rows);  // with / all >= (1 + share) / 2
}

bool CueWords::is_explicit(const Surroundings& around, std::span<const std::string> labels,
                           bool own) const {
  for (const std::string& form : around.context) {
    const auto counts = words_.find(form);
    if (counts == words_.end()) continue;
    for (const std::string& label : labels) {
      const std::string relation(split_direction(label).relation);
      if (is_cue(counts->second, relation, own ? 1 : 0)) return true;
    }
  }
  return false;
}

std::map<std::string, std::vector<std::string>> CueWords::strongest(size_t most) const {
  std::map<std::string, std::vector<std::pair<int64_t, std::string>>> found;
  for (const auto& [form, counts] : words_) {
    for (const auto& [relation, count] : counts.by_relation) {
      if (is_cue(counts, relation, 0)) found[relation].emplace_back(-count, form);
    }
  }
  std::map<std::string, std::vector<std::string>> cues;
  for (auto& [relation, list] : found) {
    std::sort(list.begin(), list.end());
    for (size_t i = 0; i < std::min(most, list.size()); ++i) {
      cues[relation].push_back(list[i].second);
    }
  }
  return cues;
}

}  // namespace relatum::task
