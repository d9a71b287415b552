// Prefill and lockstep decoding with a shared cache.
#include "engine/generate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/signals.h"
#include "engine/heads.h"
#include "engine/inputs.h"
#include "engine/not_finite.h"
#include "engine/prefix.h"
#include "kernels/rows.h"
#include "tensor/finite.h"

namespace relatum::engine {
namespace {

// One prompt on its way: its rows in the cache and what it has said.
struct Stream {
  size_t prompt = 0, adapter = 0;
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
  Generator(Worker& worker, const PromptRows& prompts, const GenerateOptions& options,
            const CacheRows& rows)
      : worker_(worker), options_(options), inputs_(worker.model().info(), prompts),
        prefixes_(worker, inputs_, rows.own), encoded_(worker, inputs_, rows.sources),
        end_(*worker.session().tokenizer().special().eos) {}

  // What is written behind prompts [begin, end).
  std::vector<std::vector<int32_t>> run(size_t begin, size_t end) {
    std::vector<Stream> streams;
    encoded_.start(begin, end);
    prefill(begin, end, streams);
    std::vector<std::vector<int32_t>> said(streams.size());
    for (int64_t step = 0; step < options_.max_new_tokens; ++step) {
      bool open = false;
      for (size_t s = 0; s < streams.size(); ++s) {
        if (streams[s].done || (streams[s].done = streams[s].next == end_)) continue;
        said[streams[s].prompt - begin].push_back(streams[s].next);
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
    int64_t row = prefixes_.rows();
    for (const AdapterPrompts& own : inputs_.by_adapter(begin, end)) {
      for (const size_t prompt : own.prompts) {
        const auto tokens = inputs_.row(prompt).subspan(size_t(prefixes_.size(own.adapter)));
        const int root = prefixes_.root(batch, own.adapter);
        encoded_.encode(batch, root, prompt);
        const int segment = batch.append(root, tokens);
        last.push_back(batch.end(segment) - 1);
        streams.push_back({prompt, own.adapter, row, int64_t(tokens.size()), 0, false});
        for (size_t t = 0; t < tokens.size(); ++t) store.push_back(row + int64_t(t));
        row += int64_t(tokens.size()) + options_.max_new_tokens;
      }
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
      std::vector<kernels::AttentionSpan> spans = prefixes_.spans(stream.adapter);
      spans.push_back({stream.cache_begin, stream.cached, true});
      const int root = batch.root(spans);
      batch.use_adapter(root, worker_.adapter(stream.adapter));
      encoded_.read(batch, root, stream.prompt);
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
    nn::CacheUse cache{&prefixes_.cache(), store};
    encoded_.use_in(cache, batch);
    nn::Graph graph = worker_.graph();
    const nn::Var states = worker_.model().forward(graph, batch, {.rows = last, .cache = cache});
    std::vector<size_t> adapters;
    for (const Stream& stream : streams) adapters.push_back(stream.adapter);
    for_each_logits(worker_, graph, {graph.value(states), adapters},
                    [&](int64_t begin, MatView<const float> logits) {
      for (int64_t r = 0; r < logits.rows; ++r) {
        Stream& stream = streams[size_t(begin + r)];
        const std::span row(logits.row(r), size_t(logits.cols));
        if (!all_finite(row)) {
          fail_not_finite(worker_, inputs_.prompt(stream.prompt), stream.adapter);
        }
        stream.next = int32_t(kernels::largest(row));
      }
    });
  }

  Worker& worker_;
  GenerateOptions options_;
  Inputs inputs_;
  SharedPrefixes prefixes_;
  EncodedPrompts encoded_;
  int32_t end_;
};

}  // namespace

std::vector<std::vector<int32_t>> generate(Worker& worker, const PromptRows& prompts,
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

void generate_batches(Worker& worker, const PromptRows& prompts, const GenerateOptions& options,
                      const TakeTokens& take, const Context& context) {
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
    RELATUM_CHECK(!prompts.tokens[i].empty());
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
