// One pass per batch, without padding.
#include "engine/classify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/signals.h"
#include "engine/not_finite.h"
#include "engine/read_states.h"
#include "nn/activation.h"
#include "nn/loss.h"
#include "nn/pair_rows.h"
#include "tensor/finite.h"

namespace relatum::engine {
namespace {

std::vector<std::vector<double>> classify(Worker& worker, std::span<const ClassifierRow> rows) {
  const SignalsHeld held;
  nn::TokenBatch batch(worker.model().info().causal);
  nn::Graph graph = worker.graph();
  const nn::Var states = nn::to_compute(
      graph, nn::pair_rows(graph, states_read(worker, rows, batch, graph)));
  std::vector<std::vector<double>> classes;
  nn::for_each_logits(graph, *worker.head(), graph.value(states),
                      [&](int64_t, MatView<const float> logits) {
    for (int64_t r = 0; r < logits.rows; ++r) {
      const std::span<const float> row(logits.row(r), size_t(logits.cols));
      if (!all_finite(row)) classes.emplace_back();
      else classes.push_back(log_softmax({row.begin(), row.end()}));
    }
  });
  for (size_t i = 0; i < rows.size(); ++i) {
    if (classes[i].empty()) fail_not_finite(worker, rows[i].tokens);
  }
  return classes;
}

}  // namespace

std::vector<double> log_softmax(std::vector<double> scores) {
  const double largest = *std::ranges::max_element(scores);
  double sum = 0;
  for (const double score : scores) sum += std::exp(score - largest);
  for (double& score : scores) score = score - largest - std::log(sum);
  return scores;
}

void classify_batches(Worker& worker, std::span<const ClassifierRow> rows,
                      const ClassifyOptions& options, const TakeClasses& take,
                      const Context& context) {
  size_t done = options.first;
  for_each_batch(rows, done, options.batch_tokens, context, [&](auto batch) {
    take(classify(worker, batch));
    done += batch.size();
    context.report({"answering", double(done), double(rows.size()), "sentences", ""});
  });
}

}  // namespace relatum::engine
