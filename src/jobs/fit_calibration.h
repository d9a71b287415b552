// Temperatures and thresholds from a model's scores on labelled examples.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "jobs/run_calibration.h"
#include "task/answer_scores.h"
#include "task/load.h"

namespace relatum::jobs {

/// From so many examples on a fine-tuning fits a temperature by itself: of 50, the temperature's
/// standard error is about a tenth.
inline constexpr int64_t kFewestForCalibration = 50;

/// Fits all ways of answering, of a classifier its only one. `scores`: per example of `data`, which
/// has a gold label of `labels` or more of them each; `labels` are those that were scored.
/// `negative`: nothing for the usual one. Examples without a gold label that can be answered count
/// for nothing; throws Error where none is left, or the negative label is none of the labels.
std::map<std::string, ModeCalibration> fit_calibration(std::span<const task::AnswerScores> scores,
                                                       const task::Dataset& data,
                                                       const task::Labels& labels,
                                                       const std::optional<std::string>& negative);

/// One sentence for each way of answering, or for several of which the same is told.
std::vector<std::string> calibration_lines(const RunCalibration& calibration);
/// All of it in one line; empty where nothing is calibrated.
std::string calibration_line(const RunCalibration& calibration);

}  // namespace relatum::jobs
