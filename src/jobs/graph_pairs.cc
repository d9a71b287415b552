// Pairs by windows, types and distance; answers to candidate edges.
#include "jobs/graph_pairs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "graph/windows.h"
#include "task/error_kinds.h"

namespace relatum::jobs {
namespace {

constexpr size_t kMostTypePairs = 1 << 16;  // that are kept in mind

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
  if (fits_.size() >= kMostTypePairs) fits_.clear();
  const auto [at, added] = fits_.try_emplace({head, tail});
  if (added) at->second = any_label_fits(head, tail);
  return at->second;
}

Directions GraphPairs::directions(const std::string& first, const std::string& second) {
  return {fits(first, second), !once_ && fits(second, first)};
}

void GraphPairs::add(const graph::DocumentResult& result, size_t document,
                     std::vector<AskedPair>& pairs) {
  if (result.mentions.size() < 2) return;
  const PairMentions mentions(result);
  const auto type = [&](size_t number) -> const std::string& {
    return result.mentions[mentions.named[number]].type;
  };
  const PairLimits limits{rules_.most_distance, size_t(rules_.most_pairs),
                          [&](size_t a, size_t b) { return directions(type(a), type(b)); }};
  const graph::Windows windows(result.sentences, rules_.window);
  windows.each(mentions.spans, [&](size_t number, auto held) {
    const NearestPairs found = nearest_pairs(mentions, held, limits);
    const graph::Stretch window = windows.span(number);
    int64_t asked = 0;
    for (const NearPair& each : found.nearest) {
      if (each.directions.forward) pairs.push_back({document, each.first, each.second, window});
      if (each.directions.backward) pairs.push_back({document, each.second, each.first, window});
      asked += each.directions.questions();
    }
    counts_.other_types += (once_ ? 1 : 2) * found.pairs - found.questions;
    counts_.too_far += found.questions - found.near;
    counts_.beyond += found.near - asked;
    counts_.asked += asked;
  });
}

std::vector<NotAsked> GraphPairs::why_not(const graph::DocumentResult& result,
                                          std::span<const std::pair<size_t, size_t>> pairs) {
  const PairMentions mentions(result);
  const graph::Windows windows(result.sentences, rules_.window);
  std::vector<NotAsked> reasons;
  for (const auto& [head, tail] : pairs) {
    const size_t first = once_ ? std::min(head, tail) : head;
    const size_t second = once_ ? std::max(head, tail) : tail;
    const graph::Stretch &a = mentions.spans[first], &b = mentions.spans[second];
    const bool far = rules_.most_distance && distance(a, b) > *rules_.most_distance;
    reasons.push_back(mentions.are_one(first, second) ? NotAsked::kOne
                      : !windows.of(a, b)             ? NotAsked::kNoWindow
                      : !fits(result.mentions[first].type, result.mentions[second].type)
                          ? NotAsked::kTypes
                      : far ? NotAsked::kTooFar
                            : NotAsked::kBeyond);
  }
  return reasons;
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
  example.text = on_one_line(document.points.slice(pair.window.start, pair.window.end));
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
