// The plain mean over all labels that occur in the gold, the negative one too; CrossRE's official.
#include "task/metric.h"

namespace relatum::task {
namespace {

/// CrossRE's own scorer (evaluate.py of github.com/mainlp/CrossRE) computes the same F1: pairs keep
/// all their gold labels, each label's F1 is that of its own yes-or-no decisions, and the mean is
/// taken over the labels that occur in the gold.
std::optional<Scores> compute(const Confusion& confusion) {
  Scores mean;
  int64_t labels = 0;
  for (int32_t i = 0; i < confusion.size(); ++i) {
    const int64_t gold = confusion.gold_count(i);
    if (gold == 0) continue;
    const Scores scores = scores_of(confusion.at(i, i), confusion.predicted_count(i), gold);
    mean.precision += scores.precision;
    mean.recall += scores.recall;
    mean.f1 += scores.f1;
    ++labels;
  }
  if (labels == 0) return std::nullopt;
  return Scores{mean.precision / double(labels), mean.recall / double(labels),
                mean.f1 / double(labels)};
}

}  // namespace

const Metric& metric_macro() {
  static const Metric metric = {"macro", "macro-F1 over the labels in the gold", compute};
  return metric;
}

}  // namespace relatum::task
