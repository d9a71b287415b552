// All that a run of several stages would refuse later, found before its first stage.
#pragma once

#include <vector>

#include "app/environment.h"
#include "app/run_config.h"
#include "app/run_plan.h"

namespace relatum::app {

/// Reads every file and tries every setting that can be tried without computing. Throws Error.
/// Warnings are left to the stages.
void check_run(const RunConfig& config, const std::vector<RunStage>& stages,
               const Environment& environment);

/// The instruction set of the whole run; Error where two stages differ in it, as one process has
/// one.
std::string settle_isa(const RunConfig& config, const std::vector<RunStage>& stages);

}  // namespace relatum::app
