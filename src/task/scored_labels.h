// Gold labels and answers as indices of one list, and what is odd about them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "task/confusion.h"
#include "task/load.h"
#include "task/prediction.h"

namespace relatum::task {

struct LabelCount {
  std::string label;
  int64_t count = 0;
};

/// What is compared. Per example, each index stands once; an unparsed or missing answer has none.
struct ScoredLabels {
  Labels labels;  ///< in the order that LabelScope describes
  LabelScope scope;
  bool has_inventory = false;  ///< else the labels are those of the gold
  std::vector<std::vector<int32_t>> gold, predicted;
  /// "no_relation" or "Other", where the gold or the inventory has it; never from the answers.
  std::optional<std::string> usual_negative;
  std::vector<LabelCount> outside;       ///< answers that neither gold nor inventory has
  std::vector<LabelCount> unknown_gold;  ///< gold labels that a closed inventory lacks
  int64_t answers = 0;                   ///< labels answered, over all examples
};

/// The answers of a prediction: its `labels` where it has them, else its label; each once.
std::vector<std::string> answers_of(const Prediction& prediction);

/// `joined`: per example, nullptr where there is no prediction. Counts are sorted, the most
/// frequent first. Throws Error for examples without a gold label.
ScoredLabels index_labels(const Dataset& data, std::span<const Prediction* const> joined);

/// Index of the negative label: `given`, or the usual one. Throws Error where neither the gold nor
/// the inventory has the given one.
std::optional<int32_t> negative_index(const ScoredLabels& scored,
                                      const std::optional<std::string>& given);

/// One sentence each: answers outside the labels, gold labels outside the inventory, and, unless
/// the negative label was `given`, labels that look like one but are scored as a relation.
std::vector<std::string> label_warnings(const ScoredLabels& scored,
                                        const std::optional<std::string>& given);

}  // namespace relatum::task
