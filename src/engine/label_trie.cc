// Building the tree, and the sums and choices over it.
#include "engine/label_trie.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace relatum::engine {

LabelTrie::LabelTrie(std::span<const std::vector<int32_t>> answers) {
  if (answers.empty()) fail("engine.trie", "there is no label to choose from. Give --labels.");
  paths_.resize(answers.size());
  for (size_t a = 0; a < answers.size(); ++a) {
    if (answers[a].empty()) fail("engine.trie", "an answer has no token.");
    int32_t from = -1;
    for (size_t i = 0; i < answers[a].size(); ++i) {
      const bool last = i + 1 == answers[a].size();
      const auto same = std::find_if(edges_.begin(), edges_.end(), [&](const Edge& edge) {
        return edge.from == from && edge.token == answers[a][i];
      });
      if (same != edges_.end() && (last || same->node < 0)) {
        fail("engine.trie", "two labels have the same answer text. Make them differ.");
      }
      if (same != edges_.end()) {
        paths_[a].push_back(int32_t(same - edges_.begin()));
        from = same->node;
        continue;
      }
      Edge edge{from, answers[a][i], last ? -1 : int32_t(tokens_.size()), last ? int32_t(a) : -1};
      if (!last) {
        tokens_.push_back(edge.token);
        parents_.push_back(from);
        from = edge.node;
      }
      paths_[a].push_back(int32_t(edges_.size()));
      edges_.push_back(edge);
    }
  }
  std::vector<int32_t> order(edges_.size()), place(edges_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return edges_[size_t(a)].from < edges_[size_t(b)].from;
  });
  std::vector<Edge> sorted;
  for (const int32_t e : order) {
    place[size_t(e)] = int32_t(sorted.size());
    sorted.push_back(edges_[size_t(e)]);
  }
  edges_ = std::move(sorted);
  for (auto& path : paths_) {
    for (int32_t& edge : path) edge = place[size_t(edge)];
  }
}

std::pair<size_t, size_t> LabelTrie::edges_from(int32_t node) const {
  const auto low = std::partition_point(edges_.begin(), edges_.end(),
                                        [&](const Edge& e) { return e.from < node; });
  const auto high = std::partition_point(low, edges_.end(),
                                         [&](const Edge& e) { return e.from <= node; });
  return {size_t(low - edges_.begin()), size_t(high - edges_.begin())};
}

std::vector<double> LabelTrie::answer_scores(std::span<const double> edge_scores) const {
  std::vector<double> scores(paths_.size(), 0.0);
  for (size_t a = 0; a < paths_.size(); ++a) {
    for (const int32_t edge : paths_[a]) scores[a] += edge_scores[size_t(edge)];
  }
  return scores;
}

LabelTrie::Choice LabelTrie::greedy(std::span<const double> edge_scores) const {
  return greedy(edge_scores, {});
}

LabelTrie::Choice LabelTrie::greedy(std::span<const double> edge_scores,
                                    const std::vector<bool>& allowed) const {
  std::vector<bool> open(edges_.size(), allowed.empty());
  for (size_t a = 0; a < allowed.size(); ++a) {
    if (!allowed[a]) continue;
    for (const int32_t edge : paths_[a]) open[size_t(edge)] = true;
  }
  Choice choice{0, 1.0};
  int32_t from = -1;
  while (true) {
    int32_t best = -1;
    for (size_t e = 0; e < edges_.size(); ++e) {
      if (edges_[e].from != from || !open[e]) continue;
      if (best < 0 || edge_scores[e] > edge_scores[size_t(best)]) best = int32_t(e);
    }
    RELATUM_CHECK(best >= 0);
    double total = 0;  // in units of the best, which may be too small for a double by itself
    for (size_t e = 0; e < edges_.size(); ++e) {
      if (edges_[e].from != from || !open[e]) continue;
      total += std::exp(edge_scores[e] - edge_scores[size_t(best)]);
    }
    choice.probability /= total;
    const Edge& edge = edges_[size_t(best)];
    if (edge.node < 0) {
      choice.answer = edge.answer;
      return choice;
    }
    from = edge.node;
  }
}

}  // namespace relatum::engine
