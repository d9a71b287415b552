// Prompts into the cache, then pass after pass over the branches that are open.
#include "engine/follow_branches.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "base/signals.h"
#include "engine/heads.h"
#include "engine/inputs.h"
#include "engine/not_finite.h"
#include "engine/prefix.h"
#include "kernels/rows.h"
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
  size_t prompt = 0, adapter = 0;
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
  Walker(Worker& worker, const PromptRows& prompts, const AnswerTries& tries,
         const ScoreOptions& options, const Chunk& cache_rows)
      : worker_(worker), tries_(tries), options_(options),
        threshold_(greedy() ? kNothing : std::log(options.negligible)),
        inputs_(worker.model().info(), prompts), prefixes_(worker, inputs_, cache_rows.rows),
        encoded_(worker, inputs_, cache_rows.source_rows) {}

  // Scores prompts [begin, end).
  std::vector<std::vector<double>> run(size_t begin, size_t end) {
    const SignalsHeld held;
    first_ = begin;
    encoded_.start(begin, end);
    scores_.clear();
    for (size_t i = begin; i < end; ++i) {
      scores_.emplace_back(tries_.of(inputs_.adapter(i)).edges().size(), 0.0);
    }
    walks_.clear();
    next_row_ = prefixes_.rows();
    read_prompts(begin, end);
    for (auto questions = choose(); !questions.empty(); questions = choose()) {
      feed(std::move(questions));
    }
    return std::move(scores_);
  }

 private:
  bool greedy() const { return options_.edges == EdgeScores::kGreedy; }

  // A pass in the making: its last rows' states are asked for.
  struct Pass {
    nn::TokenBatch batch;
    std::vector<int64_t> last;
    std::vector<Question> questions;
  };

  // All tokens of the prompts into the cache, beginnings that some of one adapter share once.
  void read_prompts(size_t begin, size_t end) {
    Pass pass;
    for (const AdapterPrompts& own : inputs_.by_adapter(begin, end)) add_prompts(own, pass);
    ask(pass);
  }

  void add_prompts(const AdapterPrompts& own, Pass& pass) {
    const auto prefix = size_t(prefixes_.size(own.adapter));
    std::vector<std::span<const int32_t>> rows;
    for (const size_t prompt : own.prompts) {
      const auto row = inputs_.row(prompt);
      rows.push_back(row.subspan(prefix, row.size() - prefix - 1));
    }
    struct Part {
      int segment;
      std::vector<kernels::AttentionSpan> context;
    };
    std::vector<Part> parts;
    std::vector<int32_t> tokens;
    const size_t first_walk = walks_.size();
    walks_.resize(first_walk + rows.size());
    for (const nn::SharedSegment& shared : nn::share_beginnings(rows, kWorthSharing)) {
      const size_t prompt = own.prompts[size_t(shared.row)];
      const auto piece = rows[size_t(shared.row)].subspan(size_t(shared.begin),
                                                          size_t(shared.end - shared.begin));
      tokens.assign(piece.begin(), piece.end());
      if (shared.leaf) tokens.push_back(inputs_.row(prompt).back());
      Part part;
      if (shared.parent >= 0) {
        part = parts[size_t(shared.parent)];
      } else {
        part.segment = prefixes_.root(pass.batch, own.adapter);
        encoded_.encode(pass.batch, part.segment, prompt);
        part.context = prefixes_.spans(own.adapter);
      }
      part.segment = pass.batch.append(part.segment, tokens);
      part.context.push_back(
          {next_row_ + pass.batch.begin(part.segment), int64_t(tokens.size()), true});
      if (shared.leaf) {
        const size_t place = first_walk + size_t(shared.row);
        Walk& walk = walks_[place];
        walk.prompt = prompt;
        walk.adapter = own.adapter;
        walk.context = part.context;
        walk.node_rows.assign(tries_.of(own.adapter).tokens().size(), -1);
        pass.last.push_back(pass.batch.end(part.segment) - 1);
        pass.questions.push_back({place, {-1, 0.0}});
      }
      parts.push_back(std::move(part));
    }
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

  void feed(std::vector<Question> questions) {
    Pass pass;
    std::vector<kernels::AttentionSpan> context;
    std::vector<int32_t> nodes, tokens;  // of a branch that were not fed yet
    for (const Question& question : questions) {
      Walk& walk = walks_[question.walk];
      const LabelTrie& trie = tries_.of(walk.adapter);
      int32_t node = question.branch.node;
      nodes.clear();
      for (; node >= 0 && walk.node_rows[size_t(node)] < 0; node = trie.parents()[size_t(node)]) {
        nodes.push_back(node);
      }
      context = walk.context;
      const auto before = int64_t(context.size());
      for (; node >= 0; node = trie.parents()[size_t(node)]) {
        context.push_back({walk.node_rows[size_t(node)], 1, true});
      }
      std::reverse(context.begin() + before, context.end());
      tokens.clear();
      for (auto n = nodes.rbegin(); n != nodes.rend(); ++n) {
        walk.node_rows[size_t(*n)] = next_row_ + pass.batch.size() + int64_t(tokens.size());
        tokens.push_back(trie.tokens()[size_t(*n)]);
      }
      pass.last.push_back(pass.batch.size() + int64_t(tokens.size()) - 1);
      const int root = pass.batch.root(context);
      pass.batch.use_adapter(root, worker_.adapter(walk.adapter));
      encoded_.read(pass.batch, root, walk.prompt);
      pass.batch.append(root, tokens);
    }
    pass.questions = std::move(questions);
    ask(pass);
  }

  // Computes the batch into the cache and notes what its wanted rows say about the next tokens.
  void ask(Pass& pass) {
    pass.batch.finish();
    std::vector<int64_t> store;
    for (int64_t t = 0; t < pass.batch.size(); ++t) store.push_back(next_row_++);
    nn::CacheUse cache{&prefixes_.cache(), store};
    encoded_.use_in(cache, pass.batch);
    nn::Graph graph = worker_.graph();
    const nn::Var states = worker_.model().forward(graph, pass.batch,
                                                   {.rows = pass.last, .cache = cache});
    std::vector<size_t> adapters;
    for (const Question& question : pass.questions) {
      adapters.push_back(walks_[question.walk].adapter);
    }
    std::vector<double> norm;
    for_each_logits(worker_, graph, {graph.value(states), adapters},
                    [&](int64_t begin, MatView<const float> logits) {
      norm.resize(size_t(logits.rows));
      kernels::log_sum_exp(logits, norm);
      for (int64_t r = 0; r < logits.rows; ++r) {
        note(pass.questions[size_t(begin + r)], logits.row(r), norm[size_t(r)]);
      }
    });
  }

  // The prompt and the answers' tokens up to the question's node.
  std::vector<int32_t> row_of(const Question& question) const {
    const Walk& walk = walks_[question.walk];
    const LabelTrie& trie = tries_.of(walk.adapter);
    std::vector<int32_t> path;
    for (int32_t n = question.branch.node; n >= 0; n = trie.parents()[size_t(n)]) {
      path.push_back(trie.tokens()[size_t(n)]);
    }
    const auto prompt = inputs_.prompt(walk.prompt);
    std::vector<int32_t> row(prompt.begin(), prompt.end());
    row.insert(row.end(), path.rbegin(), path.rend());
    return row;
  }

  void note(const Question& question, const float* logits, double norm) {
    Walk& walk = walks_[question.walk];
    const LabelTrie& trie = tries_.of(walk.adapter);
    std::vector<double>& scores = scores_[walk.prompt - first_];
    const auto [low, high] = trie.edges_from(question.branch.node);
    for (size_t e = low; e < high; ++e) {
      scores[e] = double(logits[trie.edges()[e].token]) - norm;
      if (!std::isfinite(scores[e])) fail_not_finite(worker_, row_of(question), walk.adapter);
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
      const int32_t node = next_choice(trie, trie.edges()[e].node);
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
  int32_t next_choice(const LabelTrie& trie, int32_t node) const {
    while (node >= 0 && options_.edges != EdgeScores::kExact) {
      const auto [low, high] = trie.edges_from(node);
      if (high - low > 1) break;
      node = trie.edges()[low].node;
    }
    return node;
  }

  Worker& worker_;
  const AnswerTries& tries_;
  ScoreOptions options_;
  double threshold_;
  Inputs inputs_;
  SharedPrefixes prefixes_;
  EncodedPrompts encoded_;
  int64_t next_row_ = 0;
  size_t first_ = 0;                         // the batch's first prompt
  std::vector<Walk> walks_;                  // those of one adapter behind one another
  std::vector<std::vector<double>> scores_;  // per prompt
};

// Cuts the prompts where the next one would exceed the budget.
std::vector<Chunk> cut(const Worker& worker, const Inputs& inputs, const AnswerTries& tries,
                       int64_t batch_tokens) {
  const auto prefixes = SharedPrefixes::sizes_for(inputs, worker.adapters());
  std::vector<Chunk> chunks;
  int64_t tokens = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const size_t adapter = inputs.adapter(i);
    const int64_t own = inputs.tokens(i) - prefixes[adapter];
    if (chunks.empty() || tokens + own > batch_tokens) {
      chunks.push_back({i, i});
      tokens = 0;
    }
    tokens += own;
    chunks.back().end = i + 1;
    chunks.back().rows += int64_t(inputs.row(i).size()) - prefixes[adapter] +
                          int64_t(tries.of(adapter).tokens().size());
    chunks.back().source_rows += inputs.source_tokens(i);
  }
  return chunks;
}

}  // namespace

void follow_branches(Worker& worker, const PromptRows& prompts, const AnswerTries& tries,
                     const ScoreOptions& options, const TakeScores& take, const Context& context) {
  const auto chunks = cut(worker, Inputs(worker.model().info(), prompts), tries,
                          options.batch_tokens);
  Chunk most;
  for (const Chunk& chunk : chunks) {
    most.rows = std::max(most.rows, chunk.rows);
    most.source_rows = std::max(most.source_rows, chunk.source_rows);
  }
  Walker walker(worker, prompts, tries, options, most);
  for (const Chunk& chunk : chunks) {
    if (context.stopping()) break;
    if (chunk.begin < options.first) continue;
    take(walker.run(chunk.begin, chunk.end));
    context.report({"scoring", double(chunk.end), double(prompts.size()), "sentences", ""});
  }
}

}  // namespace relatum::engine
