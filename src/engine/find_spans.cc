// One pass per batch, without padding.
#include "engine/find_spans.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/signals.h"
#include "engine/classify.h"
#include "engine/not_finite.h"
#include "nn/activation.h"
#include "nn/loss.h"
#include "tensor/finite.h"

namespace relatum::engine {
namespace {

// The likeliest class but 0, unless the span is none by all that are asked; `scores` are the
// logarithms of all classes' probabilities.
struct Class {
  int32_t label = 0;
  double probability = 0;
};
std::optional<Class> class_of(std::span<const double> scores, const SpanSearch& search) {
  std::vector<double> asked;
  if (!search.classes.empty()) {
    asked.push_back(scores.front());
    for (const int32_t each : search.classes) asked.push_back(scores[size_t(each)]);
    asked = log_softmax(std::move(asked));
    scores = asked;
  }
  const double none = scores.front();
  const std::span<const double> others = scores.subspan(1);
  const auto best = std::ranges::max_element(others);
  if (search.from ? -std::expm1(none) < *search.from : *best <= none) return std::nullopt;
  const size_t place = size_t(best - others.begin());
  const int32_t label = search.classes.empty() ? int32_t(1 + place) : search.classes[place];
  return Class{label, std::exp(*best)};
}

std::vector<std::vector<ClassedWords>> found_in(Worker& worker, const nn::SpanHead& head,
                                                std::span<const SpanText> texts,
                                                const SpanSearch& search) {
  std::vector<std::vector<ClassedWords>> found(texts.size());
  std::vector<bool> odd(texts.size(), false);
  each_span(worker, head, texts,
            [&](size_t text, nn::SpanPlace span, std::span<const double> scores) {
    if (scores.empty()) {
      odd[text] = true;
    } else if (const auto best = class_of(scores, search)) {
      found[text].push_back({span.first, span.last, best->label, best->probability});
    }
  });
  for (size_t i = 0; i < texts.size(); ++i) {
    if (odd[i]) fail_not_finite(worker, texts[i].tokens);
  }
  return found;
}

}  // namespace

void each_span(
    Worker& worker, const nn::SpanHead& head, std::span<const SpanText> texts,
    const std::function<void(size_t text, nn::SpanPlace span, std::span<const double>)>& use) {
  const SignalsHeld held;
  nn::TokenBatch batch(worker.model().info().causal);
  std::vector<int64_t> read;
  std::vector<nn::SpanPlace> spans;
  struct Origin {
    size_t text;
    int32_t begin;  // row of the text's first word
  };
  std::vector<Origin> origins;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto begin = int32_t(read.size());
    for (const int64_t token : texts[i].words) read.push_back(batch.size() + token);
    batch.append(batch.root(), texts[i].tokens);
    nn::add_spans(begin, int64_t(texts[i].words.size()), head.widest, spans);
    origins.resize(spans.size(), {i, begin});
  }
  batch.finish();
  nn::Graph graph = worker.graph();
  arch::ForwardOptions options;
  options.rows = read;
  options.adapter = worker.adapter();
  const nn::Var states = nn::to_compute(graph, worker.model().forward(graph, batch, options));
  const nn::Var features = nn::span_features(graph, head, states, spans);
  nn::for_each_logits(graph, head.output, graph.value(features),
                      [&](int64_t first, MatView<const float> logits) {
    for (int64_t r = 0; r < logits.rows; ++r) {
      const auto at = size_t(first + r);
      const Origin& origin = origins[at];
      const nn::SpanPlace span{spans[at].first - origin.begin, spans[at].last - origin.begin};
      const std::span<const float> row(logits.row(r), size_t(logits.cols));
      if (all_finite(row)) use(origin.text, span, log_softmax({row.begin(), row.end()}));
      else use(origin.text, span, {});
    }
  });
}

void find_spans(Worker& worker, const nn::SpanHead& head, std::span<const SpanText> texts,
                const SpanSearch& search, const TakeSpans& take, const Context& context) {
  for_each_batch(texts, 0, search.batch_tokens, context,
                 [&](auto batch) { take(found_in(worker, head, batch, search)); });
}

}  // namespace relatum::engine
