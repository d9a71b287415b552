// Fine-tuning from options to a run folder.
#pragma once

#include "jobs/finetune_options.h"
#include "train/trainer.h"

namespace relatum::jobs {

struct FinetuneResult {
  bool finished = false;  ///< false: the host stopped it
  train::TrainResult training;
};

/// Trains and writes RUN: adapter_model.safetensors, adapter_config.json, labels.json, run.json,
/// log.jsonl, state/. All that can be refused is refused by an Error before the first step, and
/// nothing is written before that.
FinetuneResult finetune(const FinetuneOptions& options, const Host& host);

}  // namespace relatum::jobs
