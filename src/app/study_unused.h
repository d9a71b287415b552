// What a study's file says, and its arms do not use.
#pragma once

#include <functional>
#include <vector>

#include "app/study_config.h"
#include "base/context.h"
#include "jobs/study.h"

namespace relatum::app {

/// An arm's cells, as they are planned. Throws Error.
using PlanArm = std::function<std::vector<jobs::StudyCell>(const StudyArm&)>;

/// Takes values that change nothing out of arms that stand for copies, such as an adapter's rank
/// where all weights are trained, as the stages may refuse them, and puts cells planned anew in the
/// place of theirs and of those that they embed for. Where these would be others, or cannot be
/// planned, the first copy's values stay.
void drop_unused(StudyConfig& config, std::vector<jobs::StudyCell>& cells, const PlanArm& cells_of);

/// Warns of seeds and of training data where no arm uses any.
void warn_of_unused(const StudyConfig& config, const Context& context);

}  // namespace relatum::app
