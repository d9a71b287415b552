// Micro average over all labels, the negative one too.
#include "task/metric.h"

namespace relatum::task {
namespace {

/// An unparsed answer predicts nothing, so precision may lie above accuracy; recall is accuracy.
std::optional<Scores> compute(const Confusion& confusion) {
  const int64_t total = confusion.total();
  return scores_of(confusion.correct(), total - confusion.unparsed(), total);
}

}  // namespace

const Metric& metric_micro_all() {
  static const Metric metric = {"micro_all", "micro-F1 over all labels", compute};
  return metric;
}

}  // namespace relatum::task
