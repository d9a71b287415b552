// Brings predictions into the order of the examples that they answer.
#pragma once

#include <span>
#include <vector>

#include "task/load.h"
#include "task/prediction.h"

namespace relatum::task {

/// One prediction per example, in the examples' order, by id, where 25.0 and 25 are one unless the
/// examples have both; nullptr where one is missing and that counts as wrong. Throws Error that
/// names the first ids for repeated, missing and extra ones.
std::vector<const Prediction*> join_predictions(const Dataset& data,
                                                std::span<const Prediction> predictions,
                                                bool missing_is_wrong);

/// "'a', 'b' and 3 more": at most five of the names, made fit for a message.
std::string listed(std::span<const std::string> names);

}  // namespace relatum::task
