// How well the negative label alone is told: its own precision, recall and F1.
#include "task/metric.h"

namespace relatum::task {
namespace {

std::optional<Scores> compute(const Confusion& confusion) {
  const auto negative = confusion.negative();
  if (!negative) return std::nullopt;
  return scores_of(confusion.at(*negative, *negative), confusion.predicted_count(*negative),
                   confusion.gold_count(*negative));
}

}  // namespace

const Metric& metric_no_relation() {
  static const Metric metric = {"no_relation", "the negative label alone", compute};
  return metric;
}

}  // namespace relatum::task
