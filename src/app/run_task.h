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

/// Throws Error where a classifier is asked for a label that it has not learned: it has an output
/// for each of `learned`, and for no other. Nothing where `trained` teaches no classifier.
void check_classes(const RunStage& trained, const task::Labels& learned, const task::Labels& asked);

/// Whether the run asks its sentence's text in the place of the row's: of a document's pair, where
/// it learned the pairs of sentences.
bool asked_otherwise(const jobs::FinetuneOptions& options, const task::Example& row);

/// Throws Error where [evaluate] scores documents of which a run that learned the pairs of
/// sentences is not asked for all: it needs ?negative= behind the gold, which has the pairs without
/// a relation, and missing = "wrong" for those that stand in no sentence together; and a limit or a
/// sample would count documents where sentences are asked, and pairs where they are scored.
void check_sentence_pairs(const std::vector<RunStage>& stages, const task::Dataset& gold);

}  // namespace relatum::app
