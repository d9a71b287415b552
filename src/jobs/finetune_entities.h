// `--task entities`: what it is asked for, what it trains, how its rows are made and judged.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/worker.h"
#include "jobs/finetune_data.h"
#include "jobs/finetune_options.h"
#include "jobs/finetune_record.h"
#include "jobs/finetune_rows.h"
#include "jobs/training_log.h"
#include "train/span_training.h"

namespace relatum::jobs {

bool finds_entities(const FinetuneOptions& options);
/// Whether the run trains a head over a network's states: a classifier's, or one of spans.
bool reads_states(const FinetuneOptions& options);
/// Throws Error for options that a run that finds entities knows nothing of.
void check_entities(const FinetuneOptions& options);

/// The training and dev documents of the options; their types are the inventory.
FinetuneData load_entities(const FinetuneOptions& options, const Host& host);
/// One row for each run of words. One that is longer than the model's context is an Error that
/// names it, or is left out and told with --skip-bad-rows.
FinetuneRows make_entity_rows(const FinetuneOptions& options, const FinetuneData& data,
                              const engine::Session& session, const Context& context);

/// Its sizes and rates.
train::SpanForm span_form(const FinetuneOptions& options, const engine::Session& session,
                          const EntityData& data);
/// How many training entities each type has.
std::map<std::string, int64_t> entity_counts(const EntityData& data);
/// A hash of the dev documents' texts and entities; empty where there are none.
std::string entity_dev_hash(const EntityData& data);
/// The record's keys; none for another task.
nlohmann::json entity_record(const FinetuneParts& parts);

/// Strict F1 over the dev documents; -1 where it was stopped, which is not logged.
double judge_entities(const FinetuneParts& parts, engine::Worker& worker, int64_t step,
                      TrainingLog& log, const Context& context);

}  // namespace relatum::jobs
