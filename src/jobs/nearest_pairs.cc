// Pairs are counted by their types, group by group, and looked at one by one only where they are
// near.
#include "jobs/nearest_pairs.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "graph/normal_name.h"

namespace relatum::jobs {
namespace {

using Held = graph::Windows::Held;

/// Gives each value the number that it got when it first came.
template <class Value>
class Numbers {
 public:
  size_t of(Value value) {
    return numbers_.try_emplace(std::move(value), numbers_.size()).first->second;
  }

 private:
  std::map<Value, size_t> numbers_;
};

/// How many pairs there are, and how many questions they have.
class Counter {
 public:
  Counter(const PairMentions& mentions, const PairLimits& limits)
      : mentions_(mentions), limits_(limits), seen_(mentions.named.size()) {}

  /// Adds all pairs of these mentions, which are in order, but those that are one; or takes them
  /// away again.
  void add(std::span<const size_t> some, int64_t sign) {
    add_all(some, sign);
    const auto place = [&](size_t i) { return mentions_.place[i]; };
    const auto thing = [&](size_t i) { return mentions_.thing[i]; };
    add_groups(some, -sign, place);
    add_groups(some, -sign, thing);
    add_groups(some, sign, [&](size_t i) { return std::pair(place(i), thing(i)); });  // twice gone
  }

  int64_t pairs = 0, questions = 0;

 private:
  void add_all(std::span<const size_t> some, int64_t sign) {
    types_.clear();
    for (const size_t each : some) {
      const size_t type = mentions_.type[each];
      for (const size_t earlier : types_) {
        pairs += sign * seen_[earlier];
        questions += sign * seen_[earlier] * limits_.directions(earlier, type).questions();
      }
      if (seen_[type]++ == 0) types_.push_back(type);
    }
    for (const size_t type : types_) seen_[type] = 0;
  }

  template <class Key>
  void add_groups(std::span<const size_t> some, int64_t sign, const Key& key) {
    std::vector<size_t> sorted(some.begin(), some.end());
    std::ranges::stable_sort(sorted, {}, key);
    for (size_t first = 0; first < sorted.size();) {
      size_t end = first + 1;
      while (end < sorted.size() && key(sorted[end]) == key(sorted[first])) ++end;
      if (end - first > 1) add_all(std::span(sorted).subspan(first, end - first), sign);
      first = end;
    }
  }

  const PairMentions& mentions_;
  const PairLimits& limits_;
  std::vector<int64_t> seen_;  // by type
  std::vector<size_t> types_;  // that were seen
};

using Rank = std::tuple<int64_t, size_t, size_t>;

Rank rank_of(const NearPair& pair) { return {pair.distance, pair.first, pair.second}; }

bool nearer(const NearPair& a, const NearPair& b) { return rank_of(a) < rank_of(b); }

/// The nearest of what it is offered.
class Nearest {
 public:
  explicit Nearest(size_t most) : most_(most) {}

  bool full() const { return heap_.size() >= most_; }
  /// Whether no pair of this rank or a later one will be taken.
  bool ends_before(const Rank& rank) const {
    return full() && (heap_.empty() || rank > rank_of(heap_.front()));
  }
  void offer(const NearPair& pair) {
    if (ends_before(rank_of(pair))) return;
    if (full()) {
      std::ranges::pop_heap(heap_, nearer);
      heap_.pop_back();
    }
    heap_.push_back(pair);
    std::ranges::push_heap(heap_, nearer);
  }
  std::vector<NearPair> by_mentions() && {
    std::ranges::sort(heap_, {},
                      [](const NearPair& pair) { return std::pair(pair.first, pair.second); });
    return std::move(heap_);
  }

 private:
  size_t most_;
  std::vector<NearPair> heap_;  // the farthest one first
};

/// Looks at pairs from one mention on, by the other's start: what is between them grows.
class Scan {
 public:
  Scan(const PairMentions& mentions, std::span<const Held> held, const PairLimits& limits)
      : mentions_(mentions), held_(held.begin(), held.end()), limits_(limits),
        nearest_(limits.most_pairs) {
    std::ranges::stable_sort(held_, {},
                             [&](const Held& each) { return mentions.spans[each.entity].start; });
  }

  void run() {
    for (size_t i = 0; i < held_.size(); ++i) {
      for (size_t j = i + 1; j < held_.size(); ++j) {
        const auto [first, second] = std::minmax(held_[i].entity, held_[j].entity);
        const int64_t between = distance(mentions_.spans[first], mentions_.spans[second]);
        if (is_last({between, first, second})) break;
        if (held_[i].before && held_[j].before) continue;
        look_at({between, first, second, {}});
      }
    }
  }

  int64_t near() const { return near_; }
  std::vector<NearPair> nearest() && { return std::move(nearest_).by_mentions(); }

 private:
  // Whether no later pair of this mention's counts. Those within a distance are all counted.
  bool is_last(const Rank& rank) const {
    if (limits_.most_distance) return std::get<0>(rank) > *limits_.most_distance;
    if (mentions_.in_order) return nearest_.ends_before(rank);
    return nearest_.ends_before({std::get<0>(rank), 0, 0});
  }

  void look_at(NearPair pair) {
    if (mentions_.are_one(pair.first, pair.second)) return;
    pair.directions = limits_.directions(mentions_.type[pair.first], mentions_.type[pair.second]);
    if (pair.directions.questions() == 0) return;
    near_ += pair.directions.questions();
    nearest_.offer(pair);
  }

  const PairMentions& mentions_;
  std::vector<Held> held_;
  const PairLimits& limits_;
  Nearest nearest_;
  int64_t near_ = 0;
};

}  // namespace

PairMentions::PairMentions(const graph::DocumentResult& result) {
  Numbers<std::pair<int64_t, int64_t>> places;
  Numbers<std::string> types;
  Numbers<std::tuple<size_t, std::string, std::string>> things;
  for (const graph::Mention& each : result.mentions) {
    in_order = in_order && (spans.empty() || spans.back().start <= each.span.start);
    spans.push_back(each.span);
    place.push_back(places.of({each.span.start, each.span.end}));
    type.push_back(types.of(each.type));
    if (type.back() == named.size()) named.push_back(type.size() - 1);
    thing.push_back(things.of({type.back(), graph::normal_name(each.text), each.gazetteer}));
  }
}

int64_t distance(const graph::Stretch& a, const graph::Stretch& b) {
  return std::max<int64_t>(0, std::max(a.start, b.start) - std::min(a.end, b.end));
}

NearestPairs nearest_pairs(const PairMentions& mentions, std::span<const Held> held,
                           const PairLimits& limits) {
  std::vector<size_t> all, before;
  for (const Held& each : held) {
    all.push_back(each.entity);
    if (each.before) before.push_back(each.entity);
  }
  Counter counter(mentions, limits);
  counter.add(all, 1);
  counter.add(before, -1);
  Scan scan(mentions, held, limits);
  scan.run();
  NearestPairs found;
  found.pairs = counter.pairs;
  found.questions = counter.questions;
  found.near = limits.most_distance ? scan.near() : counter.questions;
  found.nearest = std::move(scan).nearest();
  return found;
}

}  // namespace relatum::jobs
