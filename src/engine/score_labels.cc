// Batches of prompts with the answer tree behind each, and the log-probabilities read off.
#include "engine/score_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/signals.h"
#include "engine/follow_branches.h"
#include "engine/inputs.h"
#include "engine/not_finite.h"
#include "engine/prefix.h"
#include "kernels/rows.h"
#include "nn/loss.h"
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
void check_lengths(const arch::Model& model, std::span<const std::vector<int32_t>> prompts,
                   const LabelTrie& trie) {
  const int64_t context = model.info().context, answer = longest_fed(trie);
  const Inputs inputs(model.info(), prompts);
  for (size_t i = 0; i < prompts.size(); ++i) {
    RELATUM_CHECK(!prompts[i].empty());
    const int64_t tokens = inputs.longest_row(i, answer);
    if (tokens <= context) continue;
    fail("engine.score", fmt::format("a prompt and its answer take {} tokens, the model's context "
                                     "is {}. Use a shorter prompt style, or leave the row out.",
                                     tokens, context));
  }
}

class Scorer {
 public:
  Scorer(Worker& worker, std::span<const std::vector<int32_t>> prompts, const LabelTrie& trie)
      : worker_(worker), prompts_(prompts), trie_(trie), inputs_(worker.model().info(), prompts),
        prefix_(worker, inputs_.shareable(), 0) {}

  int64_t cost(size_t row) const {
    return inputs_.tokens(row) - prefix_.size() + int64_t(trie_.tokens().size());
  }

  // Scores prompts [begin, end).
  std::vector<std::vector<double>> run(size_t begin, size_t end) {
    const SignalsHeld held;
    nn::TokenBatch batch;
    const std::vector<int64_t> first = build(batch, begin, end);
    std::vector<int64_t> rows;  // per prompt: its last token, then the trie's nodes
    for (const int64_t start : first) {
      for (int64_t i = 0; i <= int64_t(trie_.tokens().size()); ++i) rows.push_back(start + i);
    }
    nn::Graph graph = worker_.graph();
    const nn::Var states = worker_.model().forward(
        graph, batch,
        {.rows = rows,
         .cache = {prefix_.size() ? &prefix_.cache() : nullptr, {}},
         .adapter = worker_.adapter()});
    return read(graph, graph.value(states), begin, end);
  }

 private:
  // The prompt and the answers' tokens up to the node.
  std::vector<int32_t> row_of(size_t prompt, int32_t node) const {
    std::vector<int32_t> path;
    for (; node >= 0; node = trie_.parents()[size_t(node)]) {
      path.push_back(trie_.tokens()[size_t(node)]);
    }
    std::vector<int32_t> row = prompts_[prompt];
    row.insert(row.end(), path.rbegin(), path.rend());
    return row;
  }

  // Appends the batch's tree; gives the place of each prompt's last token (the trie follows it).
  std::vector<int64_t> build(nn::TokenBatch& batch, size_t begin, size_t end) const {
    std::vector<std::span<const int32_t>> rows;
    for (size_t i = begin; i < end; ++i) {
      const auto row = inputs_.row(i);
      rows.push_back(row.subspan(size_t(prefix_.size()), row.size() - size_t(prefix_.size()) - 1));
    }
    std::vector<int> handles;
    std::vector<int64_t> last(rows.size());
    std::vector<int32_t> tokens, ancestor;
    for (const nn::SharedSegment& segment : nn::share_beginnings(rows, kWorthSharing)) {
      const int parent = segment.parent < 0 ? prefix_.root(batch) : handles[size_t(segment.parent)];
      if (segment.parent < 0) inputs_.read(batch, parent, begin + size_t(segment.row));
      const auto part = rows[size_t(segment.row)].subspan(size_t(segment.begin),
                                                          size_t(segment.end - segment.begin));
      if (!segment.leaf) {
        handles.push_back(batch.append(parent, part));
        continue;
      }
      tokens.assign(part.begin(), part.end());
      tokens.push_back(inputs_.row(begin + size_t(segment.row)).back());
      ancestor.resize(tokens.size());
      std::iota(ancestor.begin(), ancestor.end(), -1);
      const int32_t anchor = int32_t(tokens.size()) - 1;
      for (size_t n = 0; n < trie_.tokens().size(); ++n) {
        tokens.push_back(trie_.tokens()[n]);
        ancestor.push_back(trie_.parents()[n] + anchor + 1);
      }
      handles.push_back(batch.append_tree(parent, tokens, ancestor));
      last[size_t(segment.row)] = batch.begin(handles.back()) + anchor;
    }
    batch.finish();
    return last;
  }

  std::vector<std::vector<double>> read(nn::Graph& graph, Mat states, size_t first,
                                        size_t end) const {
    const size_t per_prompt = trie_.tokens().size() + 1;
    std::vector results(end - first, std::vector<double>(trie_.edges().size()));
    std::vector<double> norm;
    nn::for_each_logits(graph, *worker_.head(), states,
                        [&](int64_t begin, MatView<const float> logits) {
      norm.resize(size_t(logits.rows));
      kernels::log_sum_exp(logits, norm);
      for (int64_t r = 0; r < logits.rows; ++r) {
        const size_t row = size_t(begin + r);
        const int32_t node = int32_t(row % per_prompt) - 1;
        std::vector<double>& scores = results[row / per_prompt];
        const auto [low, high] = trie_.edges_from(node);
        for (size_t e = low; e < high; ++e) {
          scores[e] = double(logits.row(r)[trie_.edges()[e].token]) - norm[size_t(r)];
          // A logit that is not finite makes the whole row's sum so.
          if (!std::isfinite(scores[e])) {
            fail_not_finite(worker_, row_of(first + row / per_prompt, node));
          }
        }
      }
    });
    return results;
  }

  Worker& worker_;
  std::span<const std::vector<int32_t>> prompts_;
  const LabelTrie& trie_;
  Inputs inputs_;
  SharedPrefix prefix_;
};

}  // namespace

std::vector<std::vector<double>> score_edges(Worker& worker,
                                             std::span<const std::vector<int32_t>> prompts,
                                             const LabelTrie& trie, const ScoreOptions& options,
                                             const Context& context) {
  std::vector<std::vector<double>> results;
  score_batches(
      worker, prompts, trie, options,
      [&](std::vector<std::vector<double>>&& batch) {
    for (auto& scores : batch) results.push_back(std::move(scores));
      },
      context);
  return results;
}

void score_batches(Worker& worker, std::span<const std::vector<int32_t>> prompts,
                   const LabelTrie& trie, const ScoreOptions& options, const TakeScores& take,
                   const Context& context) {
  if (prompts.empty()) return;
  if (!worker.head()) {
    fail("engine.score", fmt::format("{} is an encoder and writes no text. Use a language model.",
                                     worker.model().info().path));
  }
  check_lengths(worker.model(), prompts, trie);
  if (options.negligible > 0 || options.edges != EdgeScores::kExact) {
    return follow_branches(worker, prompts, trie, options, take, context);
  }
  Scorer scorer(worker, prompts, trie);
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
