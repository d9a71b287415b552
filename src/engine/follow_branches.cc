// Prompts into the cache, then pass after pass over the branches that are open.
#include "engine/follow_branches.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "base/signals.h"
#include "engine/inputs.h"
#include "engine/not_finite.h"
#include "engine/prefix.h"
#include "kernels/rows.h"
#include "nn/loss.h"
#include "nn/shared_beginnings.h"

namespace relatum::engine {
namespace {

constexpr double kNothing = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
  const double most = std::max(a, b);
  return most == kNothing ? kNothing : most + std::log1p(std::exp(std::min(a, b) - most));
}

// A node of the tree that was reached and not yet fed.
struct Branch {
  int32_t node = -1;
  double log_probability = 0;
};

// One prompt and how far its tree is known.
struct Walk {
  std::vector<kernels::AttentionSpan> context;  // cached rows of the prompt
  std::vector<int64_t> node_rows;               // cached row per node, -1: not fed
  std::vector<Branch> open;
  double known = kNothing;  // log-probability of the answers that ended
};

// What a pass asks: the node (-1: the prompt's last token) of which prompt of the batch.
struct Question {
  size_t walk = 0;
  Branch branch;
};

// Prompts [begin, end), computed together, and the cache rows that they may need, of their own and
// of what is encoded of them.
struct Chunk {
  size_t begin = 0, end = 0;
  int64_t rows = 0, source_rows = 0;
};

class Walker {
 public:
  // cache_rows: the most that a chunk needs.
  Walker(Worker& worker, std::span<const std::vector<int32_t>> prompts, const LabelTrie& trie,
         const ScoreOptions& options, const Chunk& cache_rows)
      : worker_(worker), prompts_(prompts), trie_(trie), options_(options),
        threshold_(greedy() ? kNothing : std::log(options.negligible)),
        inputs_(worker.model().info(), prompts),
        prefix_(worker, inputs_.shareable(), cache_rows.rows),
        encoded_(worker, inputs_, cache_rows.source_rows) {}

  // Scores prompts [begin, end).
  std::vector<std::vector<double>> run(size_t begin, size_t end) {
    const SignalsHeld held;
    first_ = begin;
    encoded_.start(begin, end);
    scores_.assign(end - begin, std::vector<double>(trie_.edges().size(), 0.0));
    walks_.assign(end - begin, Walk{});
    next_row_ = prefix_.size();
    read_prompts(begin, end);
    for (auto questions = choose(); !questions.empty(); questions = choose()) feed(questions);
    return std::move(scores_);
  }

 private:
  bool greedy() const { return options_.edges == EdgeScores::kGreedy; }

  // All tokens of the prompts into the cache, beginnings that some share once.
  void read_prompts(size_t begin, size_t end) {
    std::vector<std::span<const int32_t>> rows;
    for (size_t i = begin; i < end; ++i) {
      const auto row = inputs_.row(i);
      rows.push_back(row.subspan(size_t(prefix_.size()), row.size() - size_t(prefix_.size()) - 1));
    }
    nn::TokenBatch batch;
    struct Part {
      int segment;
      std::vector<kernels::AttentionSpan> context;
    };
    std::vector<Part> parts;
    std::vector<int64_t> last;
    std::vector<Question> questions;
    std::vector<int32_t> tokens;
    for (const nn::SharedSegment& shared : nn::share_beginnings(rows, kWorthSharing)) {
      const auto piece = rows[size_t(shared.row)].subspan(size_t(shared.begin),
                                                          size_t(shared.end - shared.begin));
      tokens.assign(piece.begin(), piece.end());
      if (shared.leaf) tokens.push_back(inputs_.row(begin + size_t(shared.row)).back());
      Part part;
      if (shared.parent >= 0) {
        part = parts[size_t(shared.parent)];
      } else {
        part.segment = prefix_.root(batch);
        encoded_.encode(batch, part.segment, begin + size_t(shared.row));
        if (prefix_.size()) part.context.push_back({0, prefix_.size(), true});
      }
      part.segment = batch.append(part.segment, tokens);
      part.context.push_back({next_row_ + batch.begin(part.segment), int64_t(tokens.size()), true});
      if (shared.leaf) {
        Walk& walk = walks_[size_t(shared.row)];
        walk.context = part.context;
        walk.node_rows.assign(trie_.tokens().size(), -1);
        last.push_back(batch.end(part.segment) - 1);
        questions.push_back({size_t(shared.row), {-1, 0.0}});
      }
      parts.push_back(std::move(part));
    }
    batch.finish();
    ask(batch, last, questions);
  }

  // The open branches that may still matter. Where none of a prompt's is in reach of its most
  // probable one, answers that ended outweigh them all.
  std::vector<Question> choose() {
    std::vector<Question> questions;
    for (size_t w = 0; w < walks_.size(); ++w) {
      Walk& walk = walks_[w];
      double best = walk.known;
      for (const Branch& branch : walk.open) best = std::max(best, branch.log_probability);
      const auto later = std::partition(walk.open.begin(), walk.open.end(), [&](const Branch& b) {
        return b.log_probability < best + threshold_;
      });
      for (auto b = later; b != walk.open.end(); ++b) questions.push_back({w, *b});
      walk.open.erase(later, walk.open.end());
    }
    return questions;
  }

  void feed(const std::vector<Question>& questions) {
    nn::TokenBatch batch;
    std::vector<int64_t> last;
    std::vector<kernels::AttentionSpan> context;
    std::vector<int32_t> nodes, tokens;  // of a branch that were not fed yet
    for (const Question& question : questions) {
      Walk& walk = walks_[question.walk];
      int32_t node = question.branch.node;
      nodes.clear();
      for (; node >= 0 && walk.node_rows[size_t(node)] < 0; node = trie_.parents()[size_t(node)]) {
        nodes.push_back(node);
      }
      context = walk.context;
      const auto before = int64_t(context.size());
      for (; node >= 0; node = trie_.parents()[size_t(node)]) {
        context.push_back({walk.node_rows[size_t(node)], 1, true});
      }
      std::reverse(context.begin() + before, context.end());
      tokens.clear();
      for (auto n = nodes.rbegin(); n != nodes.rend(); ++n) {
        walk.node_rows[size_t(*n)] = next_row_ + batch.size() + int64_t(tokens.size());
        tokens.push_back(trie_.tokens()[size_t(*n)]);
      }
      last.push_back(batch.size() + int64_t(tokens.size()) - 1);
      const int root = batch.root(context);
      encoded_.read(batch, root, first_ + question.walk);
      batch.append(root, tokens);
    }
    batch.finish();
    ask(batch, last, questions);
  }

  // Computes the batch into the cache and notes what its wanted rows say about the next tokens.
  void ask(const nn::TokenBatch& batch, std::span<const int64_t> rows,
           const std::vector<Question>& questions) {
    std::vector<int64_t> store;
    for (int64_t t = 0; t < batch.size(); ++t) store.push_back(next_row_++);
    nn::CacheUse cache{&prefix_.cache(), store};
    encoded_.use_in(cache, batch);
    nn::Graph graph = worker_.graph();
    const nn::Var states = worker_.model().forward(
        graph, batch, {.rows = rows, .cache = cache, .adapter = worker_.adapter()});
    std::vector<double> norm;
    nn::for_each_logits(graph, *worker_.head(), graph.value(states),
                        [&](int64_t begin, MatView<const float> logits) {
      norm.resize(size_t(logits.rows));
      kernels::log_sum_exp(logits, norm);
      for (int64_t r = 0; r < logits.rows; ++r) {
        note(questions[size_t(begin + r)], logits.row(r), norm[size_t(r)]);
      }
    });
  }

  // The prompt and the answers' tokens up to the question's node.
  std::vector<int32_t> row_of(const Question& question) const {
    std::vector<int32_t> path;
    for (int32_t n = question.branch.node; n >= 0; n = trie_.parents()[size_t(n)]) {
      path.push_back(trie_.tokens()[size_t(n)]);
    }
    std::vector<int32_t> row = prompts_[first_ + question.walk];
    row.insert(row.end(), path.rbegin(), path.rend());
    return row;
  }

  void note(const Question& question, const float* logits, double norm) {
    Walk& walk = walks_[question.walk];
    std::vector<double>& scores = scores_[question.walk];
    const auto [low, high] = trie_.edges_from(question.branch.node);
    for (size_t e = low; e < high; ++e) {
      scores[e] = double(logits[trie_.edges()[e].token]) - norm;
      if (!std::isfinite(scores[e])) fail_not_finite(worker_, row_of(question));
    }
    const std::span choices(scores.data() + low, high - low);
    if (options_.edges == EdgeScores::kShares) {
      double total = kNothing;
      for (const double score : choices) total = log_add(total, score);
      for (double& score : choices) score -= total;
    }
    const auto best = size_t(std::max_element(choices.begin(), choices.end()) - choices.begin());
    for (size_t e = low; e < high; ++e) {
      if (greedy() && e != low + best) continue;
      const int32_t node = next_choice(trie_.edges()[e].node);
      const double path = question.branch.log_probability + scores[e];
      if (node < 0) {
        walk.known = log_add(walk.known, path);
      } else {
        walk.open.push_back({node, path});
      }
    }
  }

  // The first node from this one on whose edges are asked for: the node itself, or where forced
  // tokens need no score the first that has several edges; -1: an answer ends before.
  int32_t next_choice(int32_t node) const {
    while (node >= 0 && options_.edges != EdgeScores::kExact) {
      const auto [low, high] = trie_.edges_from(node);
      if (high - low > 1) break;
      node = trie_.edges()[low].node;
    }
    return node;
  }

  Worker& worker_;
  std::span<const std::vector<int32_t>> prompts_;
  const LabelTrie& trie_;
  ScoreOptions options_;
  double threshold_;
  Inputs inputs_;
  SharedPrefix prefix_;
  EncodedPrompts encoded_;
  int64_t next_row_ = 0;
  size_t first_ = 0;  // prompt of the first walk
  std::vector<Walk> walks_;
  std::vector<std::vector<double>> scores_;
};

// Cuts the prompts where the next one would exceed the budget.
std::vector<Chunk> cut(const Inputs& inputs, size_t prompts, int64_t nodes, int64_t batch_tokens) {
  const int64_t prefix = SharedPrefix::size_for(inputs.shareable());
  std::vector<Chunk> chunks;
  int64_t tokens = 0;
  for (size_t i = 0; i < prompts; ++i) {
    const int64_t own = inputs.tokens(i) - prefix;
    if (chunks.empty() || tokens + own > batch_tokens) {
      chunks.push_back({i, i});
      tokens = 0;
    }
    tokens += own;
    chunks.back().end = i + 1;
    chunks.back().rows += int64_t(inputs.row(i).size()) - prefix + nodes;
    chunks.back().source_rows += inputs.source_tokens(i);
  }
  return chunks;
}

}  // namespace

void follow_branches(Worker& worker, std::span<const std::vector<int32_t>> prompts,
                     const LabelTrie& trie, const ScoreOptions& options, const TakeScores& take,
                     const Context& context) {
  const auto chunks = cut(Inputs(worker.model().info(), prompts), prompts.size(),
                          int64_t(trie.tokens().size()), options.batch_tokens);
  Chunk most;
  for (const Chunk& chunk : chunks) {
    most.rows = std::max(most.rows, chunk.rows);
    most.source_rows = std::max(most.source_rows, chunk.source_rows);
  }
  Walker walker(worker, prompts, trie, options, most);
  for (const Chunk& chunk : chunks) {
    if (context.stopping()) break;
    if (chunk.begin < options.first) continue;
    take(walker.run(chunk.begin, chunk.end));
    context.report({"scoring", double(chunk.end), double(prompts.size()), "sentences", ""});
  }
}

}  // namespace relatum::engine
