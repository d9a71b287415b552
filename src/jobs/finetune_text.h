// What a fine-tuning says of itself, in lines.
#pragma once

#include <string>
#include <vector>

#include "jobs/finetune_record.h"
#include "train/trainer.h"

namespace relatum::jobs {

/// Before it begins: base, data, steps, and what it needs.
std::vector<std::string> finetune_plan_lines(const FinetuneParts& parts,
                                             const train::Trainer& trainer);
/// Once it is done: rates, and what was kept.
std::vector<std::string> finetune_result_lines(const FinetuneParts& parts,
                                               const train::TrainResult& result);
/// What an adapter's option decided of a classifier whose method nobody named, as a warning; empty:
/// nothing.
std::string method_by_option(const FinetuneOptions& options, const engine::Session& session);
/// What its log says against it having learned anything, as a warning; empty: nothing.
std::string finetune_doubt(const FinetuneParts& parts);

}  // namespace relatum::jobs
