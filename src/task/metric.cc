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

}  // namespace relatum::task
