// Brings predictions into the order of what they answer.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task/load.h"
#include "task/prediction.h"

namespace relatum::task {

/// How messages name what is joined.
struct JoinNames {
  std::string data;                    ///< what the ids should be of
  std::string_view one = "example";    ///< of what predictions answer
  std::string_view many = "examples";  ///< several of them
  std::string_view advice;             ///< a sentence about missing ones, with its full stop
  std::string extra_advice = {};       ///< one about ids that the data lack, or empty
};

/// Of each id of the data the place of its prediction, where 25.0 and 25 are one unless the data
/// have both; nothing where it is missing and that counts as wrong. Throws Error that names the
/// first ids for repeated, missing and extra ones.
std::vector<std::optional<size_t>> join_ids(std::span<const std::string_view> ids,
                                            std::span<const std::string_view> answered,
                                            const JoinNames& names, bool missing_is_wrong);

/// One prediction per example, in the examples' order; nullptr where one is missing and that counts
/// as wrong. Throws as join_ids() does.
std::vector<const Prediction*> join_predictions(const Dataset& data,
                                                std::span<const Prediction> predictions,
                                                bool missing_is_wrong);

/// "'a', 'b' and 3 more": at most five of the names, made fit for a message.
std::string listed(std::span<const std::string> names);

}  // namespace relatum::task
