// A packing cut into the parts that nothing ties together.
#include "graph/packing.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "graph/packing_part.h"

namespace relatum::graph {
namespace {

class Parts {
 public:
  explicit Parts(size_t items) : up_(items) { std::iota(up_.begin(), up_.end(), size_t{0}); }
  size_t of(size_t item) {
    while (up_[item] != item) item = up_[item] = up_[up_[item]];
    return item;
  }
  void join(size_t a, size_t b) {
    const size_t one = of(a), other = of(b);
    up_[std::max(one, other)] = std::min(one, other);
  }

 private:
  std::vector<size_t> up_;
};

// Arrows of strongly connected parts with others: no other arrow can be in a cycle.
std::vector<Arrow> tied_arrows(const std::vector<Arrow>& arrows, Parts& parts) {
  const std::vector<size_t> strong = strong_parts(arrows, node_count(arrows));
  std::vector<Arrow> tied;
  std::map<size_t, size_t> first;  // item of each strong part
  for (const Arrow& arrow : arrows) {
    if (strong[arrow.from] != strong[arrow.to]) continue;
    tied.push_back(arrow);
    parts.join(arrow.item, first.try_emplace(strong[arrow.from], arrow.item).first->second);
  }
  return tied;
}

// The part of a packing that `items` are, in their order.
Packing part_of(const Packing& packing, const std::vector<size_t>& items,
                std::vector<size_t>& place_of) {
  Packing part;
  for (size_t i = 0; i < items.size(); ++i) {
    place_of[items[i]] = i;
    part.weights.push_back(packing.weights[items[i]]);
  }
  return part;
}

}  // namespace

PackingResult solve_packing(const Packing& packing, int64_t most_work) {
  const size_t count = packing.weights.size();
  Parts parts(count);
  std::vector<const PackingGroup*> tight;
  for (const PackingGroup& group : packing.groups) {
    if (int64_t(group.members.size()) <= group.capacity) continue;
    tight.push_back(&group);
    for (const size_t member : group.members) parts.join(group.members.front(), member);
  }
  std::vector<std::vector<Arrow>> tied;
  for (const auto& arrows : packing.acyclic) tied.push_back(tied_arrows(arrows, parts));

  std::map<size_t, std::vector<size_t>> items_of;
  for (size_t i = 0; i < count; ++i) items_of[parts.of(i)].push_back(i);
  std::map<size_t, Packing> problems;
  std::vector<size_t> place_of(count);
  for (const auto& [root, items] : items_of) problems[root] = part_of(packing, items, place_of);
  for (const PackingGroup* group : tight) {
    PackingGroup local{{}, group->capacity};
    for (const size_t member : group->members) local.members.push_back(place_of[member]);
    problems[parts.of(group->members.front())].groups.push_back(std::move(local));
  }
  for (size_t g = 0; g < tied.size(); ++g) {
    for (const Arrow& arrow : tied[g]) {
      auto& graphs = problems[parts.of(arrow.item)].acyclic;
      graphs.resize(tied.size());
      graphs[g].push_back({place_of[arrow.item], arrow.from, arrow.to});
    }
  }

  // Small parts first: what work there is proves as many of them as it can.
  std::vector<size_t> roots;
  for (const auto& [root, items] : items_of) roots.push_back(root);
  std::stable_sort(roots.begin(), roots.end(),
                   [&](size_t a, size_t b) { return items_of[a].size() < items_of[b].size(); });
  PackingResult result;
  result.taken.resize(count);
  for (const size_t root : roots) {
    const PackingResult part = solve_part(problems[root], most_work);
    for (size_t i = 0; i < part.taken.size(); ++i) result.taken[items_of[root][i]] = part.taken[i];
    result.value += part.value;
    result.bound += part.bound;
    result.proven = result.proven && part.proven;
    result.nodes += part.nodes;
  }
  return result;
}

}  // namespace relatum::graph
