// SemEval-2010's official figure: macro average, direction taken into account, without Other.
#include "task/metric.h"
#include "task/semeval_scorer.h"

namespace relatum::task {
namespace {

std::optional<Scores> compute(const Confusion& confusion) {
  if (!is_semeval(confusion)) return std::nullopt;
  return score_semeval(confusion).official.macro;
}

}  // namespace

const Metric& metric_semeval_macro() {
  static const Metric metric = {"semeval_macro",
                                "SemEval-2010's macro-F1, (9+1)-way with directions", compute};
  return metric;
}

}  // namespace relatum::task
