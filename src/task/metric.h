// The figures that predictions are judged by; one file in task/metrics is one figure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "task/confusion.h"

namespace relatum::task {

/// A figure. Whether it applies is told from the labels of the gold and the inventory
/// (Confusion::scope), never from the answers.
struct Metric {
  std::string_view name;   ///< key in the report, e.g. "tacred_micro"
  std::string_view title;  ///< for people, e.g. "micro-F1 without the negative label"
  /// Nothing where the metric does not apply to the inventory.
  std::optional<Scores> (*compute)(const Confusion& confusion) = nullptr;
  /// Whether people who look at these labels want the figure; nullptr: wherever it applies.
  bool (*wanted)(const Confusion& confusion) = nullptr;
  /// One sentence for a figure whose title cannot say what it counts; else empty.
  std::string_view note = {};
};

/// All metrics; generated from the folder.
std::span<const Metric* const> metrics();
/// By name; throws Error that lists the known ones.
const Metric& metric(std::string_view name);
/// The one that counts. First what the data's format names (`named`, "" for formats that may hold
/// any labels), where it applies to the labels. Then by the labels of the inventory, or of the gold
/// where there is none: semeval_macro for SemEval's labels, else tacred_micro where there is a
/// negative label, else micro_all. The answers have no part in it.
const Metric& official_metric(const Confusion& confusion, std::string_view named = "");

/// The plain mean of precision, recall and F1 over the labels that occur in the gold, `left_out`
/// aside; nothing where there are none.
std::optional<Scores> mean_over_labels(const Confusion& confusion,
                                       std::optional<int32_t> left_out = {});

}  // namespace relatum::task
