// The plain mean over all labels that occur in the gold, the negative one too; CrossRE's official.
#include "task/metric.h"

namespace relatum::task {
namespace {

/// CrossRE's own scorer (evaluate.py of github.com/mainlp/CrossRE) computes the same F1: pairs keep
/// all their gold labels, each label's F1 is that of its own yes-or-no decisions, and the mean is
/// taken over the labels that occur in the gold.
std::optional<Scores> compute(const Confusion& confusion) { return mean_over_labels(confusion); }

}  // namespace

const Metric& metric_macro() {
  static const Metric metric = {"macro", "macro-F1 over the labels in the gold", compute};
  return metric;
}

}  // namespace relatum::task
