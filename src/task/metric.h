// The figures that predictions are judged by; one file in task/metrics is one figure.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "task/confusion.h"

namespace relatum::task {

struct Metric {
  std::string_view name;         ///< key in the report, e.g. "tacred_micro"
  std::string_view title;        ///< for people, e.g. "micro-F1 without the negative label"
  /// Nothing where the metric does not apply to the inventory.
  std::optional<Scores> (*compute)(const Confusion& confusion) = nullptr;
};

/// All metrics; generated from the folder.
std::span<const Metric* const> metrics();
/// By name; throws Error that lists the known ones.
const Metric& metric(std::string_view name);
/// The one that counts for this inventory: semeval_macro for SemEval's labels, else tacred_micro
/// where there is a negative label, else micro_all.
const Metric& official_metric(const Confusion& confusion);

}  // namespace relatum::task
