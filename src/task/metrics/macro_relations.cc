// The mean over the relations that occur in the gold: macro without the negative label.
#include "task/metric.h"

namespace relatum::task {
namespace {

std::optional<Scores> compute(const Confusion& confusion) {
  const auto negative = confusion.negative();
  if (!negative) return std::nullopt;
  Scores mean;
  int64_t relations = 0;
  for (int32_t i = 0; i < confusion.size(); ++i) {
    const int64_t gold = confusion.gold_count(i);
    if (i == *negative || gold == 0) continue;
    const Scores scores = scores_of(confusion.at(i, i), confusion.predicted_count(i), gold);
    mean.precision += scores.precision;
    mean.recall += scores.recall;
    mean.f1 += scores.f1;
    ++relations;
  }
  if (relations == 0) return Scores{};
  return Scores{mean.precision / double(relations), mean.recall / double(relations),
                mean.f1 / double(relations)};
}

}  // namespace

const Metric& metric_macro_relations() {
  static const Metric metric = {
      "macro_relations", "macro-F1 over the gold's labels without the negative one", compute};
  return metric;
}

}  // namespace relatum::task
