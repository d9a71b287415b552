// Micro average over all labels, the negative one too.
#include "task/metric.h"

namespace relatum::task {
namespace {

/// Each gold label and each answer counts once. An unparsed answer predicts nothing, so precision
/// may lie above accuracy; where each pair has one gold label, recall is accuracy.
std::optional<Scores> compute(const Confusion& confusion) {
  return scores_of(confusion.correct(), confusion.answers(), confusion.golds());
}

}  // namespace

const Metric& metric_micro_all() {
  static const Metric metric = {"micro_all", "micro-F1 over all labels", compute};
  return metric;
}

}  // namespace relatum::task
