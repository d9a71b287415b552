// The mean over the relations that occur in the gold: macro without the negative label.
#include "task/metric.h"

namespace relatum::task {
namespace {

std::optional<Scores> compute(const Confusion& confusion) {
  const auto negative = confusion.negative();
  if (!negative) return std::nullopt;
  return mean_over_labels(confusion, negative).value_or(Scores{});
}

}  // namespace

const Metric& metric_macro_relations() {
  static const Metric metric = {
      "macro_relations", "macro-F1 over the gold's labels without the negative one", compute};
  return metric;
}

}  // namespace relatum::task
