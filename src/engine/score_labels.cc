// Batches of prompts with the answer tree behind each, and the log-probabilities read off.
#include "engine/score_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/signals.h"
#include "engine/follow_branches.h"
#include "engine/heads.h"
#include "engine/inputs.h"
#include "engine/not_finite.h"
#include "engine/prefix.h"
#include "kernels/rows.h"
#include "nn/shared_beginnings.h"

namespace relatum::engine {
namespace {

// The answers' end tokens are asked for, but never fed.
int64_t longest_fed(const LabelTrie& trie) {
  int64_t deepest = 0;
  std::vector<int64_t> depth;
  for (const int32_t parent : trie.parents()) {
    depth.push_back(parent < 0 ? 1 : depth[size_t(parent)] + 1);
    deepest = std::max(deepest, depth.back());
  }
  return deepest;
}

// Before anything is computed: an endless row should not first cost an endless time.
void check_lengths(const Worker& worker, const PromptRows& prompts, const AnswerTries& tries) {
  const int64_t context = worker.model().info().context;
  std::vector<int64_t> answers;
  for (size_t i = 0; i < worker.adapters(); ++i) answers.push_back(longest_fed(tries.of(i)));
  const Inputs inputs(worker.model().info(), prompts);
  for (size_t i = 0; i < prompts.size(); ++i) {
    RELATUM_CHECK(!prompts.tokens[i].empty());
    const int64_t tokens = inputs.longest_row(i, answers[inputs.adapter(i)]);
    if (tokens <= context) continue;
    fail("engine.score", fmt::format("a prompt and its answer take {} tokens, the model's context "
                                     "is {}. Use a shorter prompt style, or leave the row out.",
                                     tokens, context));
  }
}

// What a row of the states says: how answers go on behind a node (-1: the prompt's last token).
struct Asked {
  size_t prompt = 0;
  int32_t node = -1;
};

class Scorer {
 public:
  Scorer(Worker& worker, const PromptRows& prompts, const AnswerTries& tries)
      : worker_(worker), tries_(tries), inputs_(worker.model().info(), prompts),
        prefixes_(worker, inputs_, 0) {}

  int64_t cost(size_t row) const {
    return inputs_.tokens(row) - prefixes_.size(inputs_.adapter(row)) +
           int64_t(trie_of(row).tokens().size());
  }

  // Scores prompts [begin, end).
  std::vector<std::vector<double>> run(size_t begin, size_t end) {
    const SignalsHeld held;
    nn::TokenBatch batch;
    std::vector<int64_t> rows;  // per prompt: its last token, then the trie's nodes
    asked_.clear();
    for (const AdapterPrompts& own : inputs_.by_adapter(begin, end)) {
      const std::vector<int64_t> last = build(batch, own);
      for (size_t i = 0; i < last.size(); ++i) {
        const int64_t nodes = int64_t(trie_of(own.prompts[i]).tokens().size());
        for (int64_t n = 0; n <= nodes; ++n) {
          rows.push_back(last[i] + n);
          asked_.push_back({own.prompts[i], int32_t(n) - 1});
        }
      }
    }
    batch.finish();
    nn::Graph graph = worker_.graph();
    const nn::Var states = worker_.model().forward(
        graph, batch,
        {.rows = rows, .cache = {prefixes_.rows() ? &prefixes_.cache() : nullptr, {}}});
    return read(graph, graph.value(states), begin, end);
  }

 private:
  const LabelTrie& trie_of(size_t prompt) const { return tries_.of(inputs_.adapter(prompt)); }

  // The prompt and the answers' tokens up to the node.
  std::vector<int32_t> row_of(const Asked& asked) const {
    const LabelTrie& trie = trie_of(asked.prompt);
    std::vector<int32_t> path;
    for (int32_t node = asked.node; node >= 0; node = trie.parents()[size_t(node)]) {
      path.push_back(trie.tokens()[size_t(node)]);
    }
    const auto prompt = inputs_.prompt(asked.prompt);
    std::vector<int32_t> row(prompt.begin(), prompt.end());
    row.insert(row.end(), path.rbegin(), path.rend());
    return row;
  }

  // Appends the tree of one adapter's prompts; gives the place of each one's last token (the trie
  // follows it).
  std::vector<int64_t> build(nn::TokenBatch& batch, const AdapterPrompts& own) const {
    const auto prefix = size_t(prefixes_.size(own.adapter));
    const LabelTrie& trie = tries_.of(own.adapter);
    std::vector<std::span<const int32_t>> rows;
    for (const size_t prompt : own.prompts) {
      const auto row = inputs_.row(prompt);
      rows.push_back(row.subspan(prefix, row.size() - prefix - 1));
    }
    std::vector<int> handles;
    std::vector<int64_t> last(rows.size());
    std::vector<int32_t> tokens, ancestor;
    for (const nn::SharedSegment& segment : nn::share_beginnings(rows, kWorthSharing)) {
      const size_t prompt = own.prompts[size_t(segment.row)];
      const int parent = segment.parent < 0 ? prefixes_.root(batch, own.adapter)
                                            : handles[size_t(segment.parent)];
      if (segment.parent < 0) inputs_.read(batch, parent, prompt, worker_.adapter(own.adapter));
      const auto part = rows[size_t(segment.row)].subspan(size_t(segment.begin),
                                                          size_t(segment.end - segment.begin));
      if (!segment.leaf) {
        handles.push_back(batch.append(parent, part));
        continue;
      }
      tokens.assign(part.begin(), part.end());
      tokens.push_back(inputs_.row(prompt).back());
      ancestor.resize(tokens.size());
      std::iota(ancestor.begin(), ancestor.end(), -1);
      const int32_t anchor = int32_t(tokens.size()) - 1;
      for (size_t n = 0; n < trie.tokens().size(); ++n) {
        tokens.push_back(trie.tokens()[n]);
        ancestor.push_back(trie.parents()[n] + anchor + 1);
      }
      handles.push_back(batch.append_tree(parent, tokens, ancestor));
      last[size_t(segment.row)] = batch.begin(handles.back()) + anchor;
    }
    return last;
  }

  std::vector<std::vector<double>> read(nn::Graph& graph, Mat states, size_t begin,
                                        size_t end) const {
    std::vector<std::vector<double>> results;
    for (size_t i = begin; i < end; ++i) results.emplace_back(trie_of(i).edges().size());
    std::vector<size_t> adapters;
    for (const Asked& asked : asked_) adapters.push_back(inputs_.adapter(asked.prompt));
    std::vector<double> norm;
    for_each_logits(worker_, graph, {states, adapters},
                    [&](int64_t first, MatView<const float> logits) {
      norm.resize(size_t(logits.rows));
      kernels::log_sum_exp(logits, norm);
      for (int64_t r = 0; r < logits.rows; ++r) {
        const Asked& asked = asked_[size_t(first + r)];
        const LabelTrie& trie = trie_of(asked.prompt);
        std::vector<double>& scores = results[asked.prompt - begin];
        const auto [low, high] = trie.edges_from(asked.node);
        for (size_t e = low; e < high; ++e) {
          scores[e] = double(logits.row(r)[trie.edges()[e].token]) - norm[size_t(r)];
          // A logit that is not finite makes the whole row's sum so.
          if (!std::isfinite(scores[e])) {
            fail_not_finite(worker_, row_of(asked), inputs_.adapter(asked.prompt));
          }
        }
      }
    });
    return results;
  }

  Worker& worker_;
  const AnswerTries& tries_;
  Inputs inputs_;
  SharedPrefixes prefixes_;
  std::vector<Asked> asked_;  // per row of a pass's states
};

}  // namespace

std::vector<std::vector<double>> score_edges(Worker& worker, const PromptRows& prompts,
                                             const AnswerTries& tries, const ScoreOptions& options,
                                             const Context& context) {
  std::vector<std::vector<double>> results;
  score_batches(
      worker, prompts, tries, options,
      [&](std::vector<std::vector<double>>&& batch) {
    for (auto& scores : batch) results.push_back(std::move(scores));
      },
      context);
  return results;
}

void score_batches(Worker& worker, const PromptRows& prompts, const AnswerTries& tries,
                   const ScoreOptions& options, const TakeScores& take, const Context& context) {
  if (prompts.size() == 0) return;
  if (!worker.head()) {
    fail("engine.score", fmt::format("{} is an encoder and writes no text. Use a language model.",
                                     worker.model().info().path));
  }
  check_lengths(worker, prompts, tries);
  if (options.negligible > 0 || options.edges != EdgeScores::kExact) {
    return follow_branches(worker, prompts, tries, options, take, context);
  }
  Scorer scorer(worker, prompts, tries);
  size_t begin = options.first;
  while (begin < prompts.size() && !context.stopping()) {
    int64_t tokens = scorer.cost(begin);
    size_t end = begin + 1;
    while (end < prompts.size() && tokens + scorer.cost(end) <= options.batch_tokens) {
      tokens += scorer.cost(end++);
    }
    take(scorer.run(begin, end));
    begin = end;
    context.report({"scoring", double(begin), double(prompts.size()), "sentences", ""});
  }
}

std::vector<double> softmax(std::span<const double> log_scores) {
  std::vector<double> result(log_scores.begin(), log_scores.end());
  const double best = *std::max_element(result.begin(), result.end());
  double total = 0;
  for (double& value : result) total += value = std::exp(value - best);
  for (double& value : result) value /= total;
  return result;
}

}  // namespace relatum::engine
