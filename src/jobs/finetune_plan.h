// How a fine-tuning will be done: sizes of steps, what fits in memory, what it will need.
#pragma once

#include "engine/session.h"
#include "jobs/finetune_options.h"
#include "jobs/finetune_rows.h"
#include "train/adapter.h"
#include "train/batcher.h"
#include "train/estimate.h"
#include "train/trainer.h"

namespace relatum::jobs {

struct FinetunePlan {
  train::TrainOptions training;
  train::Estimate needs;
  double gemm_rate = 0;     ///< operations per second that this machine's product reaches
  double memory_rate = 0;   ///< bytes per second; measured where the needs have moved_bytes
  int64_t epoch_steps = 0;  ///< optimiser steps of the first epoch
};

/// Refuses numbers that are none, and warns once of each value far outside of what is usual and of
/// each option that has no effect.
void check_finetune_values(const FinetuneOptions& options, const Context& context);
/// The names in a list such as "q_proj,v_proj"; none for "all-linear".
std::vector<std::string> target_names(const std::string& list);
/// How the base is kept and run; unless another form is named, `method` lora has a bf16 base. That
/// of `method` full is f32.
engine::SessionOptions finetune_session(const FinetuneOptions& options);
/// The adapter's form as the options say it.
train::AdapterConfig finetune_adapter(const FinetuneOptions& options);
/// How long it will take, evaluations apart, with the machine as busy as it was when its rates were
/// measured.
double training_seconds(const FinetunePlan& plan);
/// Settles the sizes of steps and what --memory asks for. Throws Error where it does not fit.
FinetunePlan plan_finetune(const FinetuneOptions& options, const engine::Session& session,
                           const train::Trainable& trained, const FinetuneRows& rows,
                           const Context& context);

}  // namespace relatum::jobs
