// Prefill and lockstep decoding with a shared cache.
#include "engine/generate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/signals.h"
#include "engine/inputs.h"
#include "engine/not_finite.h"
#include "engine/prefix.h"
#include "kernels/rows.h"
#include "nn/loss.h"
#include "tensor/finite.h"

namespace relatum::engine {
namespace {

// One prompt on its way: its rows in the cache and what it has said.
struct Stream {
  size_t prompt = 0;
  int64_t cache_begin = 0, cached = 0;
  int32_t next = 0;
  bool done = false;
};

// Cache rows that a batch needs at most, of its own and of what is encoded.
struct CacheRows {
  int64_t own = 0, sources = 0;
};

class Generator {
 public:
  Generator(Worker& worker, std::span<const std::vector<int32_t>> prompts,
            const GenerateOptions& options, const CacheRows& rows)
      : worker_(worker), prompts_(prompts), options_(options),
        inputs_(worker.model().info(), prompts), prefix_(worker, inputs_.shareable(), rows.own),
        encoded_(worker, inputs_, rows.sources), end_(*worker.session().tokenizer().special().eos) {
  }

  // What is written behind prompts [begin, end).
  std::vector<std::vector<int32_t>> run(size_t begin, size_t end) {
    std::vector<Stream> streams;
    first_ = begin;
    encoded_.start(begin, end);
    prefill(begin, end, streams);
    std::vector<std::vector<int32_t>> said(streams.size());
    for (int64_t step = 0; step < options_.max_new_tokens; ++step) {
      bool open = false;
      for (size_t s = 0; s < streams.size(); ++s) {
        if (streams[s].done || (streams[s].done = streams[s].next == end_)) continue;
        said[s].push_back(streams[s].next);
        open = true;
      }
      if (!open || step + 1 == options_.max_new_tokens) break;
      decode(streams);
    }
    return said;
  }

 private:
  void prefill(size_t begin, size_t end, std::vector<Stream>& streams) {
    nn::TokenBatch batch;
    std::vector<int64_t> store, last;
    int64_t row = prefix_.size();
    for (size_t i = begin; i < end; ++i) {
      const auto tokens = inputs_.row(i).subspan(size_t(prefix_.size()));
      const int root = prefix_.root(batch);
      encoded_.encode(batch, root, i);
      const int segment = batch.append(root, tokens);
      last.push_back(batch.end(segment) - 1);
      streams.push_back({i - begin, row, int64_t(tokens.size()), 0, false});
      for (size_t t = 0; t < tokens.size(); ++t) store.push_back(row + int64_t(t));
      row += int64_t(tokens.size()) + options_.max_new_tokens;
    }
    batch.finish();
    step(batch, store, last, streams);
  }

  void decode(std::vector<Stream>& streams) {
    nn::TokenBatch batch;
    std::vector<int64_t> store, last;
    std::vector<Stream> open;
    for (const Stream& stream : streams) {
      if (stream.done) continue;
      std::vector<kernels::AttentionSpan> spans;
      if (prefix_.size()) spans.push_back({0, prefix_.size(), true});
      spans.push_back({stream.cache_begin, stream.cached, true});
      const int root = batch.root(spans);
      encoded_.read(batch, root, first_ + stream.prompt);
      batch.append(root, {&stream.next, 1});
      store.push_back(stream.cache_begin + stream.cached);
      last.push_back(int64_t(last.size()));
      open.push_back(stream);
      ++open.back().cached;
    }
    batch.finish();
    step(batch, store, last, open);
    size_t at = 0;
    for (Stream& stream : streams) {
      if (!stream.done) stream = open[at++];
    }
  }

  // Runs the batch and gives each stream the most probable token behind its last one.
  void step(const nn::TokenBatch& batch, std::span<const int64_t> store,
            std::span<const int64_t> last, std::span<Stream> streams) {
    const SignalsHeld held;
    nn::CacheUse cache{&prefix_.cache(), store};
    encoded_.use_in(cache, batch);
    nn::Graph graph = worker_.graph();
    const nn::Var states = worker_.model().forward(
        graph, batch, {.rows = last, .cache = cache, .adapter = worker_.adapter()});
    nn::for_each_logits(graph, *worker_.head(), graph.value(states),
                        [&](int64_t begin, MatView<const float> logits) {
      for (int64_t r = 0; r < logits.rows; ++r) {
        const std::span row(logits.row(r), size_t(logits.cols));
        if (!all_finite(row)) {
          fail_not_finite(worker_, prompts_[first_ + streams[size_t(begin + r)].prompt]);
        }
        streams[size_t(begin + r)].next = int32_t(kernels::largest(row));
      }
    });
  }

  Worker& worker_;
  std::span<const std::vector<int32_t>> prompts_;
  GenerateOptions options_;
  Inputs inputs_;
  SharedPrefix prefix_;
  EncodedPrompts encoded_;
  size_t first_ = 0;  // prompt of the first stream
  int32_t end_;
};

}  // namespace

std::vector<std::vector<int32_t>> generate(Worker& worker,
                                           std::span<const std::vector<int32_t>> prompts,
                                           const GenerateOptions& options, const Context& context) {
  std::vector<std::vector<int32_t>> results;
  generate_batches(
      worker, prompts, options,
      [&](std::vector<std::vector<int32_t>>&& batch) {
    for (auto& tokens : batch) results.push_back(std::move(tokens));
      },
      context);
  return results;
}

void generate_batches(Worker& worker, std::span<const std::vector<int32_t>> prompts,
                      const GenerateOptions& options, const TakeTokens& take,
                      const Context& context) {
  const arch::ModelInfo& info = worker.model().info();
  if (!worker.head() || !worker.session().tokenizer().special().eos) {
    fail("engine.generate", fmt::format("{} does not write text, or its tokenizer names no end "
                                        "token. Use a language model.",
                                        info.path));
  }
  const Inputs inputs(info, prompts);
  int64_t longest = 0, row = 0, source = 0;
  bool fits = true;
  for (size_t i = 0; i < prompts.size(); ++i) {
    RELATUM_CHECK(!prompts[i].empty());
    longest = std::max(longest, inputs.tokens(i));
    row = std::max(row, int64_t(inputs.row(i).size()));
    source = std::max(source, inputs.source_tokens(i));
    fits = fits && inputs.longest_row(i, options.max_new_tokens) <= info.context;
  }
  if (!fits) {
    fail("engine.generate",
         fmt::format("a prompt of {} tokens and {} new ones exceed the model's "
                     "context of {}.",
                     std::max(row, source), options.max_new_tokens, info.context));
  }
  const int64_t room = options.batch_tokens + longest;  // a batch may exceed its budget by a row
  const int64_t rows_each = std::max<int64_t>(1, room / std::max<int64_t>(1, longest));
  Generator generator(worker, prompts, options,
                      {rows_each * (row + options.max_new_tokens), rows_each * source});
  for (size_t begin = options.first; begin < prompts.size() && !context.stopping();) {
    const size_t end = std::min(prompts.size(), begin + size_t(rows_each));
    take(generator.run(begin, end));
    begin = end;
    context.report({"generating", double(begin), double(prompts.size()), "sentences", ""});
  }
}

}  // namespace relatum::engine
