// TACRED's official figure: micro average over all labels but the negative one.
#include "task/metric.h"

namespace relatum::task {
namespace {

/// As TACRED's scorer counts: an answer other than the negative label is a guess (a label that
/// neither the gold nor the inventory has, too), a gold label other than it is a relation; unparsed
/// answers are no guesses.
std::optional<Scores> compute(const Confusion& confusion) {
  const auto negative = confusion.negative();
  if (!negative) return std::nullopt;
  const int64_t guessed = confusion.answers() - confusion.predicted_count(*negative);
  const int64_t gold = confusion.golds() - confusion.gold_count(*negative);
  return scores_of(confusion.correct() - confusion.at(*negative, *negative), guessed, gold);
}

}  // namespace

const Metric& metric_tacred_micro() {
  static const Metric metric = {"tacred_micro", "micro-F1 without the negative label", compute};
  return metric;
}

}  // namespace relatum::task
