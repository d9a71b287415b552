// What a run from a file can teach, and how its later stages ask for that.
#pragma once

#include <vector>

#include "app/run_plan.h"
#include "jobs/finetune_options.h"
#include "task/load.h"

namespace relatum::app {

/// Throws Error where [finetune] teaches what no later stage can ask for: a run's stages answer
/// pairs, so entities alone are none of it, and of a run that learns both [extract] has to ask for
/// relations. `options`: those of [finetune].
void check_run_task(const jobs::FinetuneOptions& options, const std::vector<RunStage>& stages);

/// Throws Error where [evaluate] scores documents of which a run that learned the pairs of
/// sentences is not asked for all: it needs ?negative= behind the gold, which has the pairs without
/// a relation, and missing = "wrong" for those that stand in no sentence together.
void check_sentence_pairs(const std::vector<RunStage>& stages, const task::Dataset& gold);

}  // namespace relatum::app
