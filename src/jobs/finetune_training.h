// The training of a run: what is logged and judged while the trainer goes on.
#pragma once

#include "engine/worker.h"
#include "jobs/finetune_record.h"
#include "train/trainer.h"

namespace relatum::jobs {

/// Trains until it is done or the context stops it: writes RUN/log.jsonl, the state to go on from,
/// and where there are dev data judges the adapter on them. The run's folder is there.
train::TrainResult run_training(const FinetuneParts& parts, engine::Worker& worker,
                                train::Trainer& trainer, const Context& context);

}  // namespace relatum::jobs
