// From a document to the pairs that are asked of it.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/code_points.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "task/document.h"

namespace relatum::task {
namespace {

constexpr int64_t kPairItself = 256;  // bytes of an example besides its text
constexpr int64_t kWordReach = 40;    // code points that a window moves inwards to a blank

bool blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// A document's text, cut around pairs.
class PairMaker {
 public:
  PairMaker(const Document& document, const PairRule& rule)
      : document_(document), rule_(rule), points_(document.text), length_(points_.length()) {
    for (size_t i = 0; i < document.entities.size(); ++i) index_[document.entities[i].id] = i;
  }

  const Entity& entity(size_t i) const { return document_.entities[i]; }
  size_t index(const std::string& id) const { return index_.at(id); }

  bool too_far(size_t head, size_t tail) const {
    if (!rule_.window) return false;
    const Span &a = entity(head).span, &b = entity(tail).span;
    return std::max(a.end, b.end) - std::min(a.start, b.start) > *rule_.window;
  }

  Example make(size_t head, size_t tail) {
    Example example;
    example.id = document_.id;
    if (!document_.pair) {
      example.id += fmt::format(":{}:{}", entity(head).id, entity(tail).id);
      example.document = document_.id;
    }
    example.line = document_.line;
    example.row = document_.row;
    example.file = document_.file;
    example.adapter = document_.adapter;
    example.head = entity(head).span;
    example.tail = entity(tail).span;
    const Piece part = around(example.head, example.tail);
    spend(part.end - part.start);
    if (part.start == 0 && part.end == length_) {
      example.text = document_.text;
      return example;
    }
    example.text = points_.slice(part.start, part.end);
    for (Span* span : {&example.head, &example.tail}) {
      span->start -= part.start;
      span->end -= part.start;
    }
    return example;
  }

 private:
  /// Half of what the window leaves goes to each side; ends move inwards to a blank.
  Piece around(const Span& a, const Span& b) const {
    if (!rule_.window || length_ <= *rule_.window) return {0, length_};
    const int64_t start = std::min(a.start, b.start), end = std::max(a.end, b.end);
    const int64_t spare = (*rule_.window - (end - start)) / 2;
    Piece part = {std::max<int64_t>(0, start - spare), std::min(length_, end + spare)};
    const std::string_view text = document_.text;
    if (part.start > 0) {
      size_t at = points_.offset(part.start);
      const int64_t most = std::min(start, part.start + kWordReach);
      for (int64_t place = part.start; place < most; ++place) {
        const bool here = blank(text[at]);
        next_char(text, at);
        if (!here) continue;
        part.start = place + 1;
        break;
      }
    }
    if (part.end < length_) {
      const int64_t least = std::max(end, part.end - kWordReach);
      size_t at = points_.offset(least);
      int64_t last = part.end;
      for (int64_t place = least; place < part.end; ++place) {
        if (blank(text[at])) last = place;
        next_char(text, at);
      }
      part.end = last;
    }
    return part;
  }

  void spend(int64_t code_points) {
    spent_ += code_points + kPairItself;
    if (spent_ <= kMostPairText) return;
    fail("task.pairs",
         fmt::format("document '{}' of {} characters and {} has pairs with more than {} MB of text "
                     "together. Cut it into sentences, or write ?window=300 behind the file's "
                     "name for 300 characters around each pair",
                     printable_start(document_.id, 40), length_,
                     counted(int64_t(document_.entities.size()), "entity", "entities"),
                     kMostPairText >> 20));
  }

  const Document& document_;
  const PairRule& rule_;
  CodePoints points_;
  int64_t length_, spent_ = 0;
  std::unordered_map<std::string, size_t> index_;
};

using Ends = std::pair<size_t, size_t>;

bool same_span(const Entity& a, const Entity& b) {
  return a.span.start == b.span.start && a.span.end == b.span.end;
}

using Related = std::map<Ends, std::vector<const Relation*>>;

/// Things that are named, in the order of their first mentions; each with its mentions.
struct Things {
  std::vector<std::vector<size_t>> mentions;
  std::vector<size_t> of;  // by entity
};

Things things_of(const std::vector<Entity>& entities) {
  Things things;
  std::unordered_map<std::string, size_t> clusters;
  for (size_t i = 0; i < entities.size(); ++i) {
    size_t thing = things.mentions.size();
    if (const std::string& cluster = entities[i].cluster; !cluster.empty()) {
      thing = clusters.emplace(cluster, thing).first->second;
    }
    if (thing == things.mentions.size()) things.mentions.emplace_back();
    things.mentions[thing].push_back(i);
    things.of.push_back(thing);
  }
  return things;
}

/// Gives the pairs of things without a relation to `take` until it returns false.
void for_others(const Document& document, const PairRule& rule, const PairMaker& maker,
                const Related& related, const std::function<bool(size_t head, size_t tail)>& take) {
  const Things things = things_of(document.entities);
  std::set<Ends> with_relation;
  for (const auto& [ends, relations] : related) {
    with_relation.insert({things.of[ends.first], things.of[ends.second]});
  }
  const size_t size = things.mentions.size();
  for (size_t from = 0; from < size; ++from) {
    for (size_t to = 0; to < size; ++to) {
      if (from == to || with_relation.contains({from, to})) continue;
      const auto [head, tail] = nearest_mentions(document.entities, things.mentions[from],
                                                 things.mentions[to]);
      const Entity &a = maker.entity(head), &b = maker.entity(tail);
      if (same_span(a, b) || maker.too_far(head, tail)) continue;
      if (rule.labels_have_direction &&
          (with_relation.contains({to, from}) || a.span.start > b.span.start ||
           (a.span.start == b.span.start && from > to))) {
        continue;
      }
      if (!take(head, tail)) return;
    }
  }
}

}  // namespace

PairCount make_pairs(const Document& document, const PairRule& rule,
                     const std::function<void(Example&&)>& take) {
  PairMaker maker(document, rule);
  PairCount count;
  std::vector<Ends> order;
  Related related;
  for (const Relation& relation : document.relations) {
    const Ends ends = {maker.index(relation.head), maker.index(relation.tail)};
    auto& labels = related[ends];
    if (labels.empty()) order.push_back(ends);
    labels.push_back(&relation);
  }
  for (const Ends& ends : order) {
    if (maker.too_far(ends.first, ends.second)) {
      ++count.too_far;
      continue;
    }
    Example example = maker.make(ends.first, ends.second);
    for (const Relation* relation : related[ends]) add_gold_label(example, relation->label);
    ++count.pairs;
    take(std::move(example));
  }
  if (document.pair) {
    if (order.empty()) take(maker.make(0, 1));
    count.pairs += order.empty();
    return count;
  }
  const bool labelled = !document.unlabelled && !rule.all_unlabelled;
  for_others(document, rule, maker, related, [&](size_t head, size_t tail) {
    if (labelled && !rule.negative) {
      count.unrelated_left_out = true;
      return false;
    }
    Example example = maker.make(head, tail);
    if (labelled) example.label = rule.negative;
    ++count.pairs;
    take(std::move(example));
    return true;
  });
  return count;
}

std::pair<size_t, size_t> nearest_mentions(const std::vector<Entity>& entities,
                                           const std::vector<size_t>& heads,
                                           const std::vector<size_t>& tails,
                                           std::span<const int64_t> sentences) {
  std::pair<size_t, size_t> best = {heads.front(), tails.front()};
  std::pair<bool, int64_t> least = {true, INT64_MAX};  // in two sentences, and what is between
  for (const size_t head : heads) {
    for (const size_t tail : tails) {
      const Span &a = entities[head].span, &b = entities[tail].span;
      const bool apart = !sentences.empty() && sentences[head] != sentences[tail];
      const std::pair next = {apart, std::max(a.start, b.start) - std::min(a.end, b.end)};
      if (next >= least) continue;
      least = next;
      best = {head, tail};
    }
  }
  return best;
}

}  // namespace relatum::task
