// Mentions of several finders put in order and made one where they say the same.
#include "graph/entity_finder.h"

#include <algorithm>
#include <tuple>

namespace relatum::graph {
namespace {

bool says_the_same(const Mention& a, const Mention& b) {
  return a.span == b.span && a.type == b.type;
}

/// Of mentions that say the same: one for each id, or the only one, all as sure as the surest.
void put_group(std::span<Mention> group, Mentions& out) {
  double most = 0;
  for (const Mention& each : group) most = std::max(most, each.probability);
  const bool has_ids = std::ranges::any_of(
      group, [](const Mention& each) { return !each.gazetteer.empty(); });
  const size_t first = out.size();
  for (Mention& each : group) {
    if (has_ids && each.gazetteer.empty()) continue;
    if (out.size() > first && out.back().gazetteer == each.gazetteer) continue;
    each.probability = most;
    out.push_back(std::move(each));
  }
}

}  // namespace

bool in_order(const Mention& a, const Mention& b) {
  const auto key = [](const Mention& each) {
    return std::tuple(each.span.start, -each.span.end, std::string_view(each.type),
                      std::string_view(each.gazetteer), -each.probability);
  };
  return key(a) < key(b);
}

Mentions joined(Mentions mentions) {
  std::ranges::sort(mentions, in_order);
  Mentions out;
  for (size_t first = 0; first < mentions.size();) {
    size_t end = first + 1;
    while (end < mentions.size() && says_the_same(mentions[first], mentions[end])) ++end;
    put_group(std::span(mentions).subspan(first, end - first), out);
    first = end;
  }
  return out;
}

std::vector<Mentions> EntityFinders::find(std::span<const DocumentView> documents,
                                          const Context& context) {
  std::vector<Mentions> all(documents.size());
  for (const auto& finder : finders_) {
    std::vector<Mentions> found = finder->find(documents, context);
    all.resize(std::min(all.size(), found.size()));  // one that was stopped
    for (size_t i = 0; i < all.size(); ++i) {
      std::ranges::move(found[i], std::back_inserter(all[i]));
    }
  }
  for (Mentions& mentions : all) mentions = joined(std::move(mentions));
  return all;
}

std::string EntityFinders::identity() const {
  std::string all;
  for (const auto& finder : finders_) all += (all.empty() ? "" : "; ") + finder->identity();
  return all;
}

}  // namespace relatum::graph
