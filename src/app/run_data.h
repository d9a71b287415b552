// The data of a stage of `relatum run`, as the stage itself will read them.
#pragma once

#include "app/run_plan.h"
#include "task/load.h"

namespace relatum::app {

/// Whether the data after --FLAG are those of standard input, which can be read once: by the stage.
bool reads_input(const RunStage& stage, const char* flag);

/// Reads the data after --FLAG with the stage's own settings; `main`: its --limit acts. No examples
/// where the stage reads standard input. Throws Error.
task::Dataset load_stage_data(const RunStage& stage, const char* flag, bool main);

/// Throws Error that names the first example without a label; `what` begins the second sentence.
void require_stage_labels(const task::Dataset& data, const char* what);

}  // namespace relatum::app
