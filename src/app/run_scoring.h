// Whether [evaluate] of a `relatum run` will be able to score what [extract] is going to write.
#pragma once

#include <vector>

#include "app/run_plan.h"
#include "task/load.h"

namespace relatum::app {

/// Throws Error for a negative label or an official metric that the gold labels do not have or
/// allow, for predictions in a form that evaluate does not read, for answers that are left out, and
/// for rows that only one of both stages has. `gold` are the data of [evaluate]; without examples,
/// as of standard input, only the settings are looked at.
void check_run_scoring(const std::vector<RunStage>& stages, const task::Dataset& gold);

}  // namespace relatum::app
