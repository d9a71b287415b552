// Compares sets of keys, then pairs off what is left on both sides.
#include "task/document_counts.h"

#include <algorithm>
#include <compare>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "task/clusters.h"
#include "task/error_kinds.h"

namespace relatum::task {
namespace {

using Place = std::vector<std::pair<int64_t, int64_t>>;  // pieces in the order of the text

struct EntityKey {
  Place place;
  std::string type;
  auto operator<=>(const EntityKey&) const = default;
};

struct RelationKey {
  EntityKey head, tail;
  std::string label;
  auto operator<=>(const RelationKey&) const = default;
};

/// A relation whose ends have no types.
struct EdgeKey {
  Place head, tail;
  std::string label;
  auto operator<=>(const EdgeKey&) const = default;
};

struct Keys {
  std::set<EntityKey> entities;
  std::set<Place> places;
  std::set<Place> ends;  // places, of clusters the one that stands for all
  std::set<RelationKey> relations;
  std::set<EdgeKey> edges;
  int64_t negatives = 0;
};

EntityKey key_of(const Entity& entity) {
  EntityKey key{{}, entity.span.type};
  if (key.type == kNoType) key.type.clear();
  for (const Piece& piece : entity.pieces) key.place.emplace_back(piece.start, piece.end);
  if (key.place.empty()) key.place.emplace_back(entity.span.start, entity.span.end);
  return key;
}

/// For each key of a mention in a cluster the first key of that cluster; `keys`: of the entities.
template <class Key>
std::map<Key, Key> cluster_keys(const std::vector<Entity>& entities, const std::vector<Key>& keys) {
  Clusters clusters(entities.size());
  std::map<std::string_view, size_t> named;
  std::map<Key, size_t> same;
  for (size_t i = 0; i < entities.size(); ++i) {
    const std::string& name = entities[i].cluster;
    if (name.empty()) continue;
    for (const size_t other :
         {named.emplace(name, i).first->second, same.emplace(keys[i], i).first->second}) {
      clusters.unite({other, i}, std::to_string(i));
    }
  }
  std::map<std::string_view, const Key*> first;
  for (size_t i = 0; i < entities.size(); ++i) {
    if (entities[i].cluster.empty()) continue;
    const Key*& key = first[clusters.name_of(i)];
    if (!key || keys[i] < *key) key = &keys[i];
  }
  std::map<Key, Key> all;
  for (size_t i = 0; i < entities.size(); ++i) {
    if (!entities[i].cluster.empty()) all.emplace(keys[i], *first.at(clusters.name_of(i)));
  }
  return all;
}

/// The ends of relations, as the gold's clusters make them.
class Ends {
 public:
  explicit Ends(const Document& gold) {
    std::vector<EntityKey> keys;
    std::vector<Place> places;
    for (const Entity& entity : gold.entities) {
      keys.push_back(key_of(entity));
      places.push_back(keys.back().place);
    }
    keys_ = cluster_keys(gold.entities, keys);
    places_ = cluster_keys(gold.entities, places);
  }
  const EntityKey& of(const EntityKey& key) const { return known(keys_, key); }
  const Place& of(const Place& place) const { return known(places_, place); }

 private:
  template <class Key>
  static const Key& known(const std::map<Key, Key>& all, const Key& key) {
    const auto at = all.find(key);
    return at == all.end() ? key : at->second;
  }
  std::map<EntityKey, EntityKey> keys_;
  std::map<Place, Place> places_;
};

/// A relation between two ends; one without a direction has the smaller one first.
template <class Key, class End>
Key relation_key(const End& head, const End& tail, const std::string& label, bool symmetric) {
  return symmetric && tail < head ? Key{tail, head, label} : Key{head, tail, label};
}

Keys keys_of(const Document& document, const Ends& ends, const std::set<std::string>& symmetric,
             const std::string& negative) {
  Keys keys;
  std::unordered_map<std::string_view, EntityKey> by_id;
  for (const Entity& entity : document.entities) {
    const EntityKey& key = by_id.emplace(entity.id, key_of(entity)).first->second;
    keys.entities.insert(key);
    keys.places.insert(key.place);
    keys.ends.insert(ends.of(key.place));
  }
  for (const Relation& relation : document.relations) {
    const std::string& label = relation.label;
    if (!negative.empty() && label == negative) {
      ++keys.negatives;
      continue;
    }
    // r(e2,e1) from one end to the other is r from the other to the one.
    const DirectedLabel way = split_direction(label);
    const std::string name(way.directed ? way.relation : std::string_view(label));
    const EntityKey& head = by_id.at(way.reversed ? relation.tail : relation.head);
    const EntityKey& tail = by_id.at(way.reversed ? relation.head : relation.tail);
    const bool either = symmetric.contains(name);
    keys.edges.insert(
        relation_key<EdgeKey>(ends.of(head.place), ends.of(tail.place), name, either));
    keys.relations.insert(relation_key<RelationKey>(ends.of(head), ends.of(tail), name, either));
  }
  return keys;
}

template <class Key>
Tally tally(const std::set<Key>& gold, const std::set<Key>& predicted) {
  Tally counts{0, int64_t(predicted.size()), int64_t(gold.size())};
  for (const Key& each : gold) counts.right += predicted.contains(each);
  return counts;
}

template <class Key, class Name>
TallyByName tally_by(const std::set<Key>& gold, const std::set<Key>& predicted, const Name& name) {
  TallyByName counts;
  for (const Key& each : gold) {
    Tally& one = counts[name(each)];
    ++one.gold;
    one.right += predicted.contains(each);
  }
  for (const Key& each : predicted) ++counts[name(each)].predicted;
  return counts;
}

/// What one side has and the other lacks, in the order of the text.
template <class Key>
std::vector<Key> only_in(const std::set<Key>& one, const std::set<Key>& other) {
  std::vector<Key> left;
  std::set_difference(one.begin(), one.end(), other.begin(), other.end(), std::back_inserter(left));
  return left;
}

/// Takes away a gold and a predicted key for each pair that fits; gives how many.
template <class Key, class Fits>
int64_t pair_off(std::vector<Key>& gold, std::vector<Key>& predicted, const Fits& fits) {
  std::vector<Key> left;
  for (Key& each : gold) {
    const auto at = std::find_if(predicted.begin(), predicted.end(),
                                 [&](const Key& other) { return fits(each, other); });
    if (at == predicted.end()) left.push_back(std::move(each));
    else predicted.erase(at);
  }
  const auto pairs = int64_t(gold.size() - left.size());
  gold = std::move(left);
  return pairs;
}

/// Code points between the ends of both; gaps count as filled.
int64_t overlap(const Place& a, const Place& b) {
  return std::min(a.back().second, b.back().second) - std::max(a.front().first, b.front().first);
}

/// For each gold entity the free predicted one that overlaps it most.
int64_t pair_overlapping(std::vector<EntityKey>& gold, std::vector<EntityKey>& predicted) {
  std::vector<EntityKey> left;
  for (EntityKey& each : gold) {
    const auto rank = [&](const EntityKey& other) {
      return std::pair(overlap(each.place, other.place), other.type == each.type);
    };
    const auto best = std::max_element(
        predicted.begin(), predicted.end(),
        [&](const EntityKey& a, const EntityKey& b) { return rank(a) < rank(b); });
    const bool found = best != predicted.end() && overlap(each.place, best->place) > 0;
    if (found) predicted.erase(best);
    else left.push_back(std::move(each));
  }
  const auto pairs = int64_t(gold.size() - left.size());
  gold = std::move(left);
  return pairs;
}

EntityErrors entity_errors(const Keys& gold, const Keys& predicted, int64_t right) {
  std::vector<EntityKey> golds = only_in(gold.entities, predicted.entities);
  std::vector<EntityKey> answers = only_in(predicted.entities, gold.entities);
  EntityErrors errors;
  errors.right = right;
  errors.type = pair_off(golds, answers,
                         [](const EntityKey& a, const EntityKey& b) { return a.place == b.place; });
  errors.boundary = pair_overlapping(golds, answers);
  errors.missed = int64_t(golds.size());
  errors.spurious = int64_t(answers.size());
  return errors;
}

/// Relations of both sides between the same two places.
struct Between {
  std::vector<RelationKey> gold, predicted;
};

std::map<std::pair<Place, Place>, Between> by_places(const Keys& gold, const Keys& predicted,
                                                     const Ends& ends) {
  std::map<std::pair<Place, Place>, Between> groups;
  const auto group = [&](const RelationKey& key) -> Between& {
    return groups[std::minmax(ends.of(key.head.place), ends.of(key.tail.place))];
  };
  for (RelationKey& key : only_in(gold.relations, predicted.relations)) {
    group(key).gold.push_back(key);
  }
  for (RelationKey& key : only_in(predicted.relations, gold.relations)) {
    group(key).predicted.push_back(key);
  }
  return groups;
}

RelationErrors relation_errors(const Keys& gold, const Keys& predicted, const Ends& ends,
                               int64_t right) {
  RelationErrors errors;
  errors.right = right;
  for (auto& [places, both] : by_places(gold, predicted, ends)) {
    auto& [golds, answers] = both;
    const auto same_way = [&](const RelationKey& a, const RelationKey& b) {
      return ends.of(a.head.place) == ends.of(b.head.place) &&
             ends.of(a.tail.place) == ends.of(b.tail.place);
    };
    errors.end_type += pair_off(golds, answers, [&](const RelationKey& a, const RelationKey& b) {
      return a.label == b.label && same_way(a, b);
    });
    errors.direction += pair_off(golds, answers, [](const RelationKey& a, const RelationKey& b) {
      return a.label == b.label;
    });
    errors.label += pair_off(golds, answers, same_way);
    errors.label += pair_off(golds, answers,
                             [](const RelationKey&, const RelationKey&) { return true; });
    const auto& [one, other] = places;
    const auto has = [&a = one, &b = other](const Keys& keys) {
      return keys.ends.contains(a) && keys.ends.contains(b);
    };
    (has(predicted) ? errors.missed_pair : errors.lost_entity) += int64_t(golds.size());
    (has(gold) ? errors.spurious_pair : errors.no_entity) += int64_t(answers.size());
  }
  return errors;
}

template <class Counts>
void add_members(Counts& into, const Counts& other,
                 std::initializer_list<int64_t Counts::*> members) {
  for (const auto member : members) into.*member += other.*member;
}

void add_all(TallyByName& into, const TallyByName& other) {
  for (const auto& [name, counts] : other) into[name] += counts;
}

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  right += other.right;
  predicted += other.predicted;
  gold += other.gold;
  return *this;
}

DocumentCounts& DocumentCounts::operator+=(const DocumentCounts& other) {
  entities_strict += other.entities_strict;
  entities_boundaries += other.entities_boundaries;
  relations_strict += other.relations_strict;
  relations_boundaries += other.relations_boundaries;
  add_all(types, other.types);
  add_all(labels, other.labels);
  add_all(labels_boundaries, other.labels_boundaries);
  add_members(entity_errors, other.entity_errors,
              {&EntityErrors::right, &EntityErrors::type, &EntityErrors::boundary,
               &EntityErrors::missed, &EntityErrors::spurious});
  add_members(relation_errors, other.relation_errors,
              {&RelationErrors::right, &RelationErrors::end_type, &RelationErrors::direction,
               &RelationErrors::label, &RelationErrors::missed_pair, &RelationErrors::lost_entity,
               &RelationErrors::spurious_pair, &RelationErrors::no_entity});
  repeated_gold += other.repeated_gold;
  repeated_predicted += other.repeated_predicted;
  negative_gold += other.negative_gold;
  negative_predicted += other.negative_predicted;
  return *this;
}

DocumentCounts count_document(const Document& gold, const Document& predicted,
                              const std::set<std::string>& symmetric, const std::string& negative) {
  const Ends ends(gold);
  const Keys golds = keys_of(gold, ends, symmetric, negative),
             answers = keys_of(predicted, ends, symmetric, negative);
  DocumentCounts counts;
  counts.entities_strict = tally(golds.entities, answers.entities);
  counts.entities_boundaries = tally(golds.places, answers.places);
  counts.relations_strict = tally(golds.relations, answers.relations);
  counts.relations_boundaries = tally(golds.edges, answers.edges);
  counts.types = tally_by(golds.entities, answers.entities,
                          [](const EntityKey& key) { return key.type; });
  counts.labels = tally_by(golds.relations, answers.relations,
                           [](const RelationKey& key) { return key.label; });
  counts.labels_boundaries = tally_by(golds.edges, answers.edges,
                                      [](const EdgeKey& key) { return key.label; });
  counts.entity_errors = entity_errors(golds, answers, counts.entities_strict.right);
  counts.relation_errors = relation_errors(golds, answers, ends, counts.relations_strict.right);
  counts.negative_gold = golds.negatives;
  counts.negative_predicted = answers.negatives;
  counts.repeated_gold = int64_t(gold.entities.size() - golds.entities.size());
  counts.repeated_predicted = int64_t(predicted.entities.size() - answers.entities.size());
  return counts;
}

}  // namespace relatum::task
