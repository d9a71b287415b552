// Looks metrics up and picks the official one.
#include "task/metric.h"

#include "base/error.h"
#include "base/known_names.h"

namespace relatum::task {

const Metric& metric(std::string_view name) {
  for (const Metric* each : metrics()) {
    if (each->name == name) return *each;
  }
  fail("task.metric", unknown_name("metric", name, names_of(metrics())));
}

const Metric& official_metric(const Confusion& confusion, std::string_view named) {
  for (const std::string_view name :
       {named, std::string_view("semeval_macro"), std::string_view("tacred_micro")}) {
    if (name.empty()) continue;
    const Metric& candidate = metric(name);
    if (candidate.compute(confusion)) return candidate;
  }
  return metric("micro_all");
}

std::optional<Scores> mean_over_labels(const Confusion& confusion,
                                       std::optional<int32_t> left_out) {
  Scores sum;
  int64_t labels = 0;
  for (int32_t i = 0; i < confusion.size(); ++i) {
    const int64_t gold = confusion.gold_count(i);
    if (i == left_out || gold == 0) continue;
    const Scores scores = scores_of(confusion.at(i, i), confusion.predicted_count(i), gold);
    sum.precision += scores.precision;
    sum.recall += scores.recall;
    sum.f1 += scores.f1;
    ++labels;
  }
  if (labels == 0) return std::nullopt;
  const auto count = double(labels);
  return Scores{sum.precision / count, sum.recall / count, sum.f1 / count};
}

}  // namespace relatum::task
