// Whether the rows of a `relatum run` will fit the model, before an hour is spent on others.
#pragma once

#include "app/run_plan.h"
#include "engine/session.h"
#include "task/load.h"

namespace relatum::app {

/// Throws Error that names the first row of `data` that is longer than the model's context with
/// the style of `stage` and its longest answer. Retrieved examples, which are not known yet, would
/// make a row longer still, so a style that needs one is not looked at.
void check_run_lengths(const RunStage& stage, const task::Dataset& data,
                       const engine::Session& session);

}  // namespace relatum::app
