// `--task entities`: what it is asked for, what it trains, how its rows are made and judged.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "engine/worker.h"
#include "jobs/entity_search.h"
#include "jobs/finetune_data.h"
#include "jobs/finetune_joint.h"
#include "jobs/finetune_options.h"
#include "jobs/finetune_record.h"
#include "jobs/finetune_rows.h"
#include "train/span_training.h"

namespace relatum::jobs {

/// Whether that is all that is learned.
bool finds_entities(const FinetuneOptions& options);
/// Whether the run trains a head over a network's states: a classifier's, or one of spans.
bool reads_states(const FinetuneOptions& options);
/// Throws Error for options that a run that finds entities knows nothing of.
void check_entities(const FinetuneOptions& options);

/// The training and dev documents of the options; their types are the inventory.
FinetuneData load_entities(const FinetuneOptions& options, const Host& host);
/// Adds one row for each run of words, behind those of pairs. One that is longer than the model's
/// context is an Error that names it, or is left out and told with --skip-bad-rows. `groups`: of
/// the pairs, or nullptr.
void add_entity_rows(const FinetuneOptions& options, const FinetuneData& data,
                     const engine::Session& session, SentenceGroups* groups, FinetuneRows& rows,
                     const Context& context);

/// Its sizes and rates.
train::SpanForm span_form(const FinetuneOptions& options, const engine::Session& session,
                          const FinetuneData& data);
/// How many training entities each type has.
std::map<std::string, int64_t> entity_counts(const EntityData& data);
/// A hash of the dev documents' texts and entities; empty where there are none.
std::string entity_dev_hash(const EntityData& data);
/// The record's keys; none for another task.
nlohmann::json entity_record(const FinetuneParts& parts);

/// Strict figures over the dev documents; nothing where it was stopped.
std::optional<EntityScores> judge_entities(const FinetuneParts& parts, engine::Worker& worker,
                                           const Context& context);

}  // namespace relatum::jobs
