// Exact scores of all edges, and from them the shares at each choice.
#include "task/answer_scores.h"

#include <algorithm>
#include <cmath>

#include "engine/score_labels.h"
#include "task/classify_prompts.h"

namespace relatum::task {
namespace {

/// Log-probabilities of edges among those that leave the same node.
std::vector<double> shares_of(const engine::LabelTrie& trie, std::span<const double> edges) {
  std::vector<double> shares(edges.begin(), edges.end());
  for (size_t first = 0; first < edges.size();) {
    const auto [begin, end] = trie.edges_from(trie.edges()[first].from);
    const double most = *std::max_element(edges.begin() + ptrdiff_t(begin),
                                          edges.begin() + ptrdiff_t(end));
    double sum = 0;
    for (size_t e = begin; e < end; ++e) sum += std::exp(edges[e] - most);
    for (size_t e = begin; e < end; ++e) shares[e] -= most + std::log(sum);
    first = end;
  }
  return shares;
}

std::vector<AnswerScores> scores_of_classes(std::vector<std::vector<double>> rows) {
  std::vector<AnswerScores> all;
  for (std::vector<double>& row : rows) all.emplace_back().scored = std::move(row);
  return all;
}

}  // namespace

std::vector<AnswerScores> score_answers(engine::Worker& worker, const PromptRenderer& renderer,
                                        std::span<const Prompt> prompts,
                                        const AnswerOptions& options, const Context& context) {
  if (renderer.style().classifier) {
    return scores_of_classes(class_scores(worker, renderer, prompts, options, context));
  }
  const engine::LabelTrie trie = trie_of(worker.session(), renderer);
  std::vector<std::vector<int32_t>> rows;
  for (const Prompt& prompt : prompts) {
    rows.push_back(prompt_row(worker.session(), prompt, options.chat));
  }
  const engine::ScoreOptions scoring{options.batch_tokens, 0, engine::EdgeScores::kExact, 0};
  std::vector<AnswerScores> all;
  for (const auto& edges : engine::score_edges(worker, {rows, {}}, trie, scoring, context)) {
    AnswerScores& scores = all.emplace_back();
    scores.scored = trie.answer_scores(edges);
    scores.shares = trie.answer_scores(shares_of(trie, edges));
    const engine::LabelTrie::Choice choice = trie.greedy(edges);
    scores.constrained = choice.answer;
    scores.constrained_probability = choice.probability;
  }
  return all;
}

}  // namespace relatum::task
