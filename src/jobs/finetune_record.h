// What a fine-tuning writes about itself into run.json.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "jobs/finetune_plan.h"
#include "jobs/finetune_rows.h"

namespace relatum::jobs {

/// All that decides a run, gathered by its stages.
struct FinetuneParts {
  const FinetuneOptions& options;
  const FinetuneData& data;
  const FinetuneRows& rows;
  const FinetunePlan& plan;
  const task::PromptRenderer& renderer;
  const engine::Session& session;
  const train::Trainable& trained;
};

/// The record: every option, seed and version, what was found in data and base, and what `result`
/// tells of the run so far. `status`: running, interrupted or done.
nlohmann::json finetune_record(const FinetuneParts& parts, const char* status,
                               const train::TrainResult& result, const Host& host);
/// The same into RUN/run.json, in one step.
void write_finetune_record(const FinetuneParts& parts, const char* status,
                           const train::TrainResult& result, const Host& host);

/// Named values that a resumed run has to share with the one that was stopped: what the trainer
/// itself cannot know (base, prompt, labels, dev data). Part of the state.
std::vector<train::NamedValue> finetune_identity(const FinetuneParts& parts);

}  // namespace relatum::jobs
