// The report's drawings as inline SVG.
#pragma once

#include <string>
#include <vector>

#include "task/evaluate.h"

namespace relatum::task {

/// Labels that the pictures show: those that occur in gold or answers, at most the 60 most frequent
/// ones, as indices into Report::per_label in its order.
std::vector<size_t> pictured_labels(const Report& report);
/// One bar per label: F1, with support in its title.
std::string label_bars(const Report& report);
/// Gold in rows, answers in columns, each with its count; darker is a larger share of the row.
/// Answers that are none of the labels share a column, unparsed ones have another.
std::string confusion_map(const Report& report);
/// Mean probability against accuracy, per bin; an empty string without probabilities.
std::string reliability_diagram(const Report& report);

}  // namespace relatum::task
