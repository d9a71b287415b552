// Exact probabilities of all answers, one pass over prompts and answer tree.
#pragma once

#include <span>
#include <vector>

#include "base/context.h"
#include "engine/inputs.h"
#include "engine/label_trie.h"
#include "engine/worker.h"

namespace relatum::engine {

/// The answers that each of the worker's adapters chooses from.
class AnswerTries {
 public:
  /// The same for all.
  AnswerTries(const LabelTrie& one) : one_(&one) {}  // NOLINT
  /// One for each, which outlives it.
  explicit AnswerTries(std::span<const LabelTrie> each) : each_(each) {}

  const LabelTrie& of(size_t adapter) const { return one_ ? *one_ : each_[adapter]; }

 private:
  const LabelTrie* one_ = nullptr;
  std::span<const LabelTrie> each_;
};

/// Which of the tree's edges are scored, and how.
enum class EdgeScores {
  kExact,   ///< all edges: log softmax over the whole vocabulary
  kShares,  ///< choices: share among a node's edges, as in decoding that is held to the answers
  kGreedy,  ///< exact, but only the choices on the most probable way, as LabelTrie::greedy() reads
};

struct ScoreOptions {
  int64_t batch_tokens = 2048;  ///< tokens of one pass, prompts and answer trees together
  /// Branches of the trie that cannot bring an answer this share of all answers' probability are
  /// left out; 0: none is. Without a meaning for kGreedy.
  double negligible = 0;
  EdgeScores edges = EdgeScores::kExact;
  /// Prompts before this one are left out: it is 0 or where a batch of an earlier call ended. What
  /// follows gets the bits that it gets with them.
  size_t first = 0;
};

/// Per prompt of a batch the log-probability of each edge of its adapter's trie.
using TakeScores = std::function<void(std::vector<std::vector<double>>&& batch)>;

/// Per prompt the log-probability of each edge of its adapter's trie. Edges that were left out
/// count as certain (0), so that an answer's sum is never too small, and (kGreedy apart) too large
/// only where its softmax is below `negligible`; for kShares and kGreedy, edges without a choice
/// are left out as well. Beginnings that all prompts of one adapter share are computed once and
/// kept; what only some share, once per batch. A batch is prompts in their order, whatever their
/// adapters: the base's products are made once for all of them. Throws Error for a prompt that with
/// the answers exceeds the context. Stops early, with fewer rows than prompts, when the context
/// says so.
std::vector<std::vector<double>> score_edges(Worker& worker, const PromptRows& prompts,
                                             const AnswerTries& tries, const ScoreOptions& options,
                                             const Context& context);
/// The same, batch after batch.
void score_batches(Worker& worker, const PromptRows& prompts, const AnswerTries& tries,
                   const ScoreOptions& options, const TakeScores& take, const Context& context);

/// Softmax over answers of their log-probabilities.
std::vector<double> softmax(std::span<const double> log_scores);

}  // namespace relatum::engine
