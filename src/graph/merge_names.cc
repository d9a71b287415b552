// A key for each name, keys joined, and what an entity is called.
#include "graph/merge_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/hash.h"
#include "base/printable.h"

namespace relatum::graph {
namespace {

/// What is one entity before similarity: an id, or a type and a normal form.
struct Key {
  std::string gazetteer, type, normal;
  auto operator<=>(const Key&) const = default;
};

std::string hash_id(const Key& key) {
  const std::string parts = key.type + '\x1f' + key.normal;
  return "n-" + sha256(std::as_bytes(std::span(parts))).substr(0, 16);
}

class Merger {
 public:
  Merger(std::span<const Name> names, const MergeRules& rules) : names_(names), rules_(rules) {}

  MergedNames run() {
    make_keys();
    join_ids();
    number_keys();
    join_similar();
    return collect();
  }

 private:
  using Form = std::pair<std::string, std::string>;  // type, normal form

  void make_keys() {
    for (const Name& name : names_) {
      Key key{name.gazetteer, name.type, without_article(name.normal, rules_.names)};
      const AliasTarget* alias = rules_.aliases.find(name.type, key.normal);
      called_.push_back(alias ? alias->name : "");
      if (alias) key.normal = normal_name(alias->name, rules_.names);
      if (alias && key.gazetteer.empty()) key.gazetteer = alias->gazetteer;
      if (!key.gazetteer.empty()) ids_of_[{key.type, key.normal}].insert(key.gazetteer);
      keys_.push_back(std::move(key));
    }
  }

  void join_ids() {
    for (Key& key : keys_) {
      if (key.gazetteer.empty()) {
        const auto ids = ids_of_.find({key.type, key.normal});
        if (ids != ids_of_.end() && ids->second.size() == 1) key.gazetteer = *ids->second.begin();
      }
      if (!key.gazetteer.empty()) key.type = key.normal = "";
    }
  }

  void number_keys() {
    std::map<Key, size_t> numbers;
    for (const Key& key : keys_) numbers.try_emplace(key, 0);
    for (auto& [key, number] : numbers) {
      number = distinct_.size();
      distinct_.push_back(key);
    }
    for (const Key& key : keys_) number_of_.push_back(numbers.at(key));
    up_.resize(distinct_.size());
    std::iota(up_.begin(), up_.end(), size_t{0});
  }

  size_t root(size_t number) {
    while (up_[number] != number) number = up_[number] = up_[up_[number]];
    return number;
  }

  void join_similar() {
    if (!rules_.similarity) return;
    struct Pair {
      double similarity;
      size_t one, other;
      const SimilarNames* names;
    };
    const std::vector<SimilarNames> similar = rules_.similarity(names_);
    std::vector<Pair> pairs;
    for (const SimilarNames& each : similar) {
      RELATUM_CHECK(each.one < names_.size() && each.other < names_.size());
      if (!(each.similarity >= rules_.similarity_threshold)) continue;
      if (names_[each.one].type != names_[each.other].type) continue;
      const size_t one = number_of_[each.one], other = number_of_[each.other];
      pairs.push_back({each.similarity, std::min(one, other), std::max(one, other), &each});
    }
    // Keys are numbered in their own order, so that of the names does not matter.
    const auto texts = [&](const Pair& pair) {
      return std::minmax(names_[pair.names->one].text, names_[pair.names->other].text);
    };
    std::sort(pairs.begin(), pairs.end(), [&](const Pair& a, const Pair& b) {
      return std::tuple(-a.similarity, a.one, a.other, texts(a)) <
             std::tuple(-b.similarity, b.one, b.other, texts(b));
    });
    for (const Pair& pair : pairs) {
      if (!join(root(pair.one), root(pair.other))) continue;
      const auto [one, other] = texts(pair);
      joined_.push_back({names_[pair.names->one].type, one, other, pair.similarity});
    }
  }

  /// Whether they were two and are one now.
  bool join(size_t one, size_t other) {
    if (one == other) return false;
    std::string &kept = distinct_[one].gazetteer, &second = distinct_[other].gazetteer;
    if (!kept.empty() && !second.empty() && kept != second) return false;
    // The root has the id, else it is the first by bytes.
    const bool swap = kept.empty() && (!second.empty() || other < one);
    up_[swap ? one : other] = swap ? other : one;
    return true;
  }

  /// What speaks for each value, in mentions; of equal ones the first by bytes wins.
  struct Votes {
    std::map<std::string, int64_t> counts;
    std::string winner() const {
      const auto best = std::max_element(
          counts.begin(), counts.end(),
          [](const auto& a, const auto& b) { return a.second < b.second; });
      return best == counts.end() ? "" : best->first;
    }
  };
  struct Gathered {
    Votes types, texts, aliases;
    int64_t mentions = 0;
  };

  MergedNames collect() {
    std::map<size_t, Gathered> found;  // by root
    for (size_t i = 0; i < names_.size(); ++i) {
      Gathered& entity = found[root(number_of_[i])];
      entity.types.counts[names_[i].type] += names_[i].mentions;
      entity.texts.counts[names_[i].text] += names_[i].mentions;
      if (!called_[i].empty()) entity.aliases.counts[called_[i]] += names_[i].mentions;
      entity.mentions += names_[i].mentions;
    }
    std::map<std::string, std::pair<size_t, MergedEntity>> by_id;
    for (const auto& [number, entity] : found) {
      const Key& key = distinct_[number];
      MergedEntity merged{
          key.gazetteer.empty() ? hash_id(key) : key.gazetteer,
          entity.aliases.counts.empty() ? entity.texts.winner() : entity.aliases.winner(),
          entity.types.winner(), key.gazetteer, entity.mentions};
      const std::string id = merged.id;
      if (by_id.try_emplace(id, number, std::move(merged)).second) continue;
      fail("graph.merge", fmt::format("the id '{}' is that of two entities, '{}' and '{}'. Give "
                                      "the one of the gazetteer another id.",
                                      printable_start(id), by_id.at(id).second.name, merged.name));
    }
    MergedNames result;
    std::map<size_t, size_t> place_of;
    for (auto& [id, each] : by_id) {
      place_of[each.first] = result.entities.size();
      result.entities.push_back(std::move(each.second));
    }
    for (const size_t number : number_of_) result.entity_of.push_back(place_of.at(root(number)));
    result.joined = std::move(joined_);
    return result;
  }

  std::span<const Name> names_;
  const MergeRules& rules_;
  std::vector<Key> keys_, distinct_;
  std::vector<std::string> called_;  // by name: what the alias table calls it
  std::map<Form, std::set<std::string>> ids_of_;
  std::vector<size_t> number_of_, up_;
  std::vector<JoinedNames> joined_;
};

}  // namespace

MergedNames merge_names(std::span<const Name> names, const MergeRules& rules) {
  return Merger(names, rules).run();
}

}  // namespace relatum::graph
