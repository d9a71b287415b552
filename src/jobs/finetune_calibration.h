// The last stage of a training with dev data: how sure its answers should be.
#pragma once

#include <optional>

#include "engine/worker.h"
#include "jobs/finetune_record.h"
#include "jobs/run_calibration.h"

namespace relatum::jobs {

/// Scores the dev data with what the training ended with and fits temperatures and thresholds;
/// nothing where there are fewer than kFewestForCalibration examples. False where the context
/// stopped it.
bool calibrate_run(const FinetuneParts& parts, engine::Worker& worker, const Context& context,
                   std::optional<RunCalibration>& calibration);

/// Writes RUN/calibration.json beside the adapter that is written there already, and tells it.
void keep_calibration(const FinetuneParts& parts, RunCalibration calibration,
                      const Context& context);

}  // namespace relatum::jobs
