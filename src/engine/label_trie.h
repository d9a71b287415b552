// All answers of a closed set as one tree of tokens.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace relatum::engine {

/// Nodes are the tokens that are fed behind a prompt; edges are the choices whose probability is
/// asked for, end tokens included. Answers that begin alike share nodes and edges.
class LabelTrie {
 public:
  /// One token sequence per answer, its end token last. Throws Error for none, for an empty one,
  /// and where one answer is another's beginning (end tokens see to that).
  explicit LabelTrie(std::span<const std::vector<int32_t>> answers);

  struct Edge {
    int32_t from = -1;  ///< node whose state the choice is made from; -1: the prompt's last token
    int32_t token = 0;
    int32_t node = -1;    ///< node that the choice leads to, -1: an answer ends
    int32_t answer = -1;  ///< the answer that ends, where one does
  };

  /// Tokens of the nodes and each one's parent (-1: the prompt); parents come first.
  const std::vector<int32_t>& tokens() const { return tokens_; }
  const std::vector<int32_t>& parents() const { return parents_; }
  /// Sorted by `from`.
  const std::vector<Edge>& edges() const { return edges_; }
  /// First and last + 1 of the edges from a node.
  std::pair<size_t, size_t> edges_from(int32_t node) const;
  int64_t answers() const { return int64_t(paths_.size()); }
  /// Edges of one answer, first to last.
  const std::vector<int32_t>& path(int64_t answer) const { return paths_[size_t(answer)]; }

  /// Log-probability of each answer: the sum over its edges.
  std::vector<double> answer_scores(std::span<const double> edge_scores) const;

  struct Choice {
    int64_t answer = 0;
    double probability = 0;  ///< product of the choices' shares among the edges open at each node
  };
  /// From the root, always the most probable edge; ties go to the first.
  Choice greedy(std::span<const double> edge_scores) const;
  /// The same among the answers that are allowed (one at least); empty: all are.
  Choice greedy(std::span<const double> edge_scores, const std::vector<bool>& allowed) const;

 private:
  std::vector<int32_t> tokens_, parents_;
  std::vector<Edge> edges_;
  std::vector<std::vector<int32_t>> paths_;
};

}  // namespace relatum::engine
