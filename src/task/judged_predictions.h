// Predictions beside the gold labels, as what probabilities are judged by.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "task/load.h"
#include "task/prediction.h"
#include "task/reliability.h"
#include "task/scored_labels.h"
#include "task/threshold_curve.h"

namespace relatum::task {

/// How far the predictions' probabilities can be trusted. A probability belongs to the prediction's
/// `label`, which is right where it is a gold one. `joined`: per example, nullptr where there is no
/// prediction. Nothing where no prediction has a probability; throws Error that names the line for
/// one that is not from 0 to 1.
std::optional<Calibration> calibrate(const Dataset& data,
                                     std::span<const Prediction* const> joined);

/// The curve over the probability of the likeliest relation: by the predictions' `scores` where all
/// have them, else of the relations that were answered. Nothing where none has a probability.
std::optional<ThresholdCurve> threshold_curve_of(const ScoredLabels& scored,
                                                 std::span<const Prediction* const> joined,
                                                 std::optional<int32_t> negative);

}  // namespace relatum::task
