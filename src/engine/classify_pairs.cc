// One pass per batch, without padding.
#include "engine/classify_pairs.h"

#include "base/signals.h"
#include "engine/not_finite.h"
#include "nn/activation.h"
#include "nn/loss.h"
#include "tensor/finite.h"

namespace relatum::engine {
namespace {

std::vector<std::vector<double>> classify(Worker& worker, std::span<const PairText> texts) {
  const nn::PairHead& head = *worker.adapter()->pairs;
  const SignalsHeld held;
  nn::TokenBatch batch(worker.model().info().causal);
  std::vector<int64_t> read;
  std::vector<nn::PairPlace> pairs;
  std::vector<size_t> text_of;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto begin = int32_t(read.size());
    const auto moved = [&](const nn::SpanPlace& span) {
      return nn::SpanPlace{begin + span.first, begin + span.last};
    };
    for (const int64_t token : texts[i].words) read.push_back(batch.size() + token);
    batch.append(batch.root(), texts[i].tokens);
    for (const nn::PairPlace& pair : texts[i].pairs) {
      pairs.push_back({moved(pair.head), moved(pair.tail), pair.head_type, pair.tail_type});
      text_of.push_back(i);
    }
  }
  batch.finish();
  nn::Graph graph = worker.graph();
  arch::ForwardOptions options;
  options.rows = read;
  options.adapter = worker.adapter();
  const nn::Var states = nn::to_compute(graph, worker.model().forward(graph, batch, options));
  const nn::Var features = nn::pair_features(graph, head, states, pairs);
  std::vector<std::vector<double>> classes;
  nn::for_each_logits(graph, head.output, graph.value(features),
                      [&](int64_t first, MatView<const float> logits) {
    for (int64_t r = 0; r < logits.rows; ++r) {
      const std::span<const float> row(logits.row(r), size_t(logits.cols));
      if (!all_finite(row)) {
        fail_not_finite(worker, texts[text_of[size_t(first + r)]].tokens);
      }
      classes.push_back(log_softmax({row.begin(), row.end()}));
    }
  });
  return classes;
}

}  // namespace

void classify_pairs(Worker& worker, std::span<const PairText> texts, int64_t batch_tokens,
                    const TakeClasses& take, const Context& context) {
  size_t done = 0;
  for_each_batch(texts, 0, batch_tokens, context, [&](auto batch) {
    take(classify(worker, batch));
    done += batch.size();
    context.report({"answering", double(done), double(texts.size()), "sentences", ""});
  });
}

}  // namespace relatum::engine
