// Where a `relatum run` writes, held against what it reads and against itself.
#pragma once

#include <vector>

#include "app/environment.h"
#include "app/run_config.h"
#include "app/run_plan.h"

namespace relatum::app {

/// Throws Error where a result cannot be written in its place, where two results (the run's own two
/// files and extract's record among them) are one file or one lies inside the other, and where a
/// result would replace something that any stage reads. Creates nothing. Models must be found
/// already.
void check_run_outputs(const RunConfig& config, const std::vector<RunStage>& stages,
                       const Environment& environment);

}  // namespace relatum::app
