// One pass over the edges keeps the strongest; names and sentences are looked up for those alone.
#include "jobs/graph_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "base/counted.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "graph/normal_name.h"

namespace relatum::jobs {
namespace {

struct Strong {
  graph::GraphEdge edge;  // with its surest mention alone
  int64_t place = 0;
};

bool stronger(const Strong& a, const Strong& b) {
  return std::tuple(-a.edge.probability, -a.edge.support, a.place) <
         std::tuple(-b.edge.probability, -b.edge.support, b.place);
}

std::vector<Strong> strongest(const graph::GraphStore& store, size_t count, int64_t& all) {
  std::vector<Strong> kept;
  store.for_edges([&](const graph::GraphEdge& edge) {
    Strong next{edge, all++};
    auto& mentions = next.edge.mentions;
    const auto surest = std::ranges::max_element(mentions, {}, &graph::EdgeMention::probability);
    if (surest != mentions.end()) mentions = {*surest};
    kept.insert(std::ranges::upper_bound(kept, next, stronger), std::move(next));
    if (kept.size() > count) kept.pop_back();
  });
  return kept;
}

std::map<std::string, std::string> names_of(const graph::GraphStore& store,
                                            const std::vector<Strong>& edges) {
  std::set<std::string> wanted;
  for (const Strong& each : edges) wanted.insert({each.edge.head, each.edge.tail});
  std::map<std::string, std::string> names;
  store.for_entities([&](const graph::GraphEntity& each) {
    if (wanted.contains(each.id)) names[each.id] = printable_start(each.name, 60);
  });
  return names;
}

std::string sentence_of(const graph::GraphStore& store, const graph::EdgeMention& mention) {
  std::string text;
  store.for_sentences(mention.document,
                      [&](const graph::Stretch& place, const std::string& sentence) {
    if (place.start >= mention.sentence.end || place.end <= mention.sentence.start) return;
    text += (text.empty() ? "" : " ") + sentence;
  });
  return graph::one_line(text);
}

std::string padded(const std::string& text, int64_t width) {
  return text + std::string(size_t(std::max<int64_t>(0, width - utf8_length(text))), ' ');
}

}  // namespace

std::string strongest_edges(const graph::GraphStore& store, int64_t count, int64_t columns) {
  int64_t all = 0;
  const std::vector<Strong> edges = strongest(store, size_t(count), all);
  const std::map<std::string, std::string> names = names_of(store, edges);
  int64_t heads = 0, labels = 0;
  for (const auto& [edge, place] : edges) {
    heads = std::max(heads, utf8_length(names.at(edge.head)));
    labels = std::max(labels, utf8_length(printable_start(edge.label, 40)));
  }
  std::string text;
  for (const auto& [edge, place] : edges) {
    text += fmt::format("{:.3f}  {}  {}  {}{}\n", edge.probability,
                        padded(names.at(edge.head), heads),
                        padded(printable_start(edge.label, 40), labels), names.at(edge.tail),
                        edge.support > 1 ? fmt::format("  ({} sentences)", edge.support) : "");
    if (edge.mentions.empty()) continue;
    const std::string source = printable_start(edge.mentions[0].document, 40);
    const int64_t room = std::max<int64_t>(20, columns - 9 - utf8_length(source));
    text += fmt::format("       {}: {}\n", source,
                        printable_start(sentence_of(store, edge.mentions[0]), size_t(room)));
  }
  const int64_t more = all - int64_t(edges.size());
  if (more > 0) text += fmt::format("… and {}\n", counted(more, "edge more", "edges more"));
  return text;
}

}  // namespace relatum::jobs
