// Pairs by windows, types and distance; answers to candidate edges.
#include "jobs/graph_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "graph/normal_name.h"
#include "graph/windows.h"
#include "task/error_kinds.h"

namespace relatum::jobs {
namespace {

/// What names an entity, as far as that is known before graphs are merged.
using Thing = std::tuple<std::string, std::string, std::string>;

std::vector<Thing> things_of(const graph::DocumentResult& result) {
  std::vector<Thing> things;
  for (const graph::Mention& each : result.mentions) {
    things.emplace_back(each.type, graph::normal_name(each.text), each.gazetteer);
  }
  return things;
}

int64_t distance(const graph::Stretch& a, const graph::Stretch& b) {
  return std::max<int64_t>(0, std::max(a.start, b.start) - std::min(a.end, b.end));
}

}  // namespace

std::vector<EdgeLabel> edge_labels(const task::Labels& labels, std::optional<int32_t> negative) {
  std::vector<EdgeLabel> all;
  for (int64_t i = 0; i < labels.size(); ++i) {
    const task::DirectedLabel split = task::split_direction(labels.name(i));
    all.push_back({std::string(split.relation), split.reversed, negative == i});
  }
  return all;
}

bool asked_once(const task::Labels& labels) {
  return std::ranges::any_of(labels.names(), [](const std::string& label) {
    return task::split_direction(label).reversed;
  });
}

std::string on_one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(
      line, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return line;
}

/// Two mentions of a window and the directions that are asked.
struct GraphPairs::Pair {
  size_t window, first, second;
  int64_t distance;
  bool forward, backward;
  int64_t questions() const { return int64_t(forward) + int64_t(backward); }
};

GraphPairs::GraphPairs(GraphPairRules rules)
    : rules_(std::move(rules)), labels_(edge_labels(rules_.labels, rules_.negative)),
      once_(asked_once(rules_.labels)) {}

bool GraphPairs::any_label_fits(const std::string& head, const std::string& tail) const {
  if (!rules_.schema.allows_type(head) || !rules_.schema.allows_type(tail)) return false;
  std::vector<bool> known;
  if (rules_.types) {
    task::Example example;
    example.head.type = head;
    example.tail.type = tail;
    std::optional<std::string> negative;
    if (rules_.negative) negative = rules_.labels.name(*rules_.negative);
    known = rules_.types->mask(example, rules_.labels, negative);
  }
  for (size_t i = 0; i < labels_.size(); ++i) {
    const EdgeLabel& label = labels_[i];
    if (label.negative || (!known.empty() && !known[i])) continue;
    if (label.reversed ? rules_.schema.allows(label.relation, tail, head)
                       : rules_.schema.allows(label.relation, head, tail)) {
      return true;
    }
  }
  return false;
}

bool GraphPairs::fits(const std::string& head, const std::string& tail) {
  const auto [at, added] = fits_.try_emplace({head, tail});
  if (added) at->second = any_label_fits(head, tail);
  return at->second;
}

std::vector<GraphPairs::Pair> GraphPairs::pairs_of(const graph::DocumentResult& result) {
  const std::vector<Thing> things = things_of(result);
  std::vector<graph::Stretch> spans;
  for (const graph::Mention& each : result.mentions) spans.push_back(each.span);
  const graph::Windows windows(result.sentences, rules_.window);
  std::vector<Pair> pairs;
  for (const auto& [window, first, second] : windows.pairs(spans)) {
    if (spans[first] == spans[second] || things[first] == things[second]) continue;
    const std::string& a = result.mentions[first].type;
    const std::string& b = result.mentions[second].type;
    const Pair pair{window,     first,
                    second,     distance(spans[first], spans[second]),
                    fits(a, b), !once_ && fits(b, a)};
    counts_.other_types += (once_ ? 1 : 2) - pair.questions();
    if (pair.questions() == 0) continue;
    if (rules_.most_distance && pair.distance > *rules_.most_distance) {
      counts_.too_far += pair.questions();
    } else {
      pairs.push_back(pair);
    }
  }
  return pairs;
}

// Of each window; the order of those that stay does not change.
void GraphPairs::keep_nearest(std::vector<Pair>& pairs) {
  std::vector<Pair> kept;
  const auto most = size_t(rules_.most_pairs);
  for (size_t first = 0; first < pairs.size();) {
    size_t end = first;
    while (end < pairs.size() && pairs[end].window == pairs[first].window) ++end;
    std::vector<size_t> order;
    for (size_t i = first; i < end; ++i) order.push_back(i);
    if (order.size() > most) {
      std::ranges::sort(order, {}, [&](size_t i) { return std::pair(pairs[i].distance, i); });
      for (size_t k = most; k < order.size(); ++k) counts_.beyond += pairs[order[k]].questions();
      order.resize(most);
      std::ranges::sort(order);
    }
    for (const size_t i : order) kept.push_back(pairs[i]);
    first = end;
  }
  pairs = std::move(kept);
}

void GraphPairs::add(const graph::DocumentResult& result, size_t document,
                     std::vector<AskedPair>& pairs) {
  if (result.mentions.size() < 2) return;
  std::vector<Pair> found = pairs_of(result);
  keep_nearest(found);
  const graph::Windows windows(result.sentences, rules_.window);
  for (const Pair& each : found) {
    const graph::Stretch window = windows.span(each.window);
    if (each.forward) pairs.push_back({document, each.first, each.second, window});
    if (each.backward) pairs.push_back({document, each.second, each.first, window});
    counts_.asked += each.questions();
  }
}

task::Example GraphPairs::example(const OpenDocument& document, const AskedPair& pair) const {
  const graph::DocumentResult& result = document.result;
  const auto span = [&](size_t mention) {
    const graph::Mention& each = result.mentions[mention];
    return task::Span{each.span.start - pair.window.start, each.span.end - pair.window.start,
                      each.type};
  };
  task::Example example;
  example.id = fmt::format("{}:{}:{}", result.id, pair.head, pair.tail);
  example.text = on_one_line(document.points.slice(pair.window));
  example.head = span(pair.head);
  example.tail = span(pair.tail);
  return example;
}

void GraphPairs::add_edges(const AskedPair& pair, const task::Prediction& prediction,
                           graph::DocumentResult& result) const {
  if (prediction.scores.empty()) return;  // it is too long for the model
  RELATUM_CHECK(prediction.scores.size() == labels_.size());
  for (size_t i = 0; i < labels_.size(); ++i) {
    const double probability = prediction.scores[i].second;
    const EdgeLabel& label = labels_[i];
    if (label.negative || !(probability >= rules_.floor)) continue;
    const auto [head, tail] = label.reversed ? std::pair(pair.tail, pair.head)
                                             : std::pair(pair.head, pair.tail);
    result.edges.push_back({head, tail, label.relation, std::min(probability, 1.0), pair.window});
  }
}

}  // namespace relatum::jobs
