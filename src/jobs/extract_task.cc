// Options and runs that documents can be asked with.
#include "jobs/extract_task.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/error.h"
#include "jobs/entity_model.h"
#include "task/spec.h"

namespace relatum::jobs {

namespace {

// Entities that documents list take the place of what looks for them.
void check_given_entities(const ExtractOptions& o, bool relations) {
  const std::pair<bool, const char*> beside[] = {
      {!relations,
       "--given-entities leaves nothing to find for a run, or by a --task, that finds entities "
       "alone. Leave it out."},
      {!o.entities.empty(),
       "--entities names a run that finds entities, and --given-entities looks for none. Leave one "
       "of them out."},
      {o.entity_threshold.has_value(),
       "--entity-threshold says how sure of an entity to be, and --given-entities looks for none. "
       "Leave one of them out."},
      {!o.entity_types.empty(),
       "--entity-types says what to look for, and --given-entities looks for nothing. Leave one of "
       "them out."},
      {o.min_probability > 0,
       "--min-probability leaves out entities that are found with a lower one, and "
       "--given-entities looks for none. Leave one of them out."}};
  for (const auto& [given, sentence] : beside) {
    if (o.given_entities && given) fail("jobs.extract", sentence);
  }
}

// What would make pairs of documents that are looked through.
void check_parts_of_data(const ExtractOptions& o, bool relations) {
  const task::Spec spec = task::parse_spec(o.input);
  for (const auto& [given, part] : {std::pair(spec.window.has_value(), "?window="),
                                    std::pair(!spec.negative.empty(), "?negative=")}) {
    if (!given) continue;
    fail("jobs.extract",
         fmt::format("--data {}: {} makes pairs of documents whose entities are marked, and these "
                     "are looked through. Leave it out{}.",
                     o.input, part, relations ? ", or ask by --task relations" : ""));
  }
}

}  // namespace

std::string extract_task(const ExtractOptions& o) {
  const std::optional<RunInfo> run = entity_run(o.adapter);
  const std::string learned = !run ? "relations" : run->joint ? "joint" : "entities";
  const bool elsewhere = o.given_entities || !o.entities.empty();
  const std::string asked = !o.task.empty()                       ? o.task
                            : learned == "relations" && elsewhere ? "joint"
                                                                  : learned;
  if (asked != "joint" && !o.entities.empty()) {
    fail("jobs.extract",
         fmt::format("--entities {} finds entities, and the adapter names their relations; {}. "
                     "Leave one of them out.",
                     o.entities,
                     o.task.empty() ? o.adapter + " learned entities, too" : "--task " + o.task));
  }
  if (asked == learned || learned == "joint") return asked;
  if (learned == "relations" && asked == "joint" && elsewhere) return asked;
  fail("jobs.extract",
       fmt::format("--task {}: {} learned {}. Leave the option out, {}or use another adapter.",
                   o.task, o.adapter.empty() ? "the model" : o.adapter, learned,
                   asked == "joint" && learned == "relations"
                       ? "name a run that finds entities by --entities, "
                       : ""));
}

void check_document_options(const ExtractOptions& o, bool relations) {
  const std::pair<bool, const char*> of_relations[] = {
      {!o.prompt.empty(), "--prompt"},          {o.chat, "--chat"},
      {o.answer != "scored", "--answer"},       {o.negligible > 0, "--negligible"},
      {o.negative.has_value(), "--negative"},   {!o.types.empty(), "--types"},
      {!o.threshold.empty(), "--threshold"},    {o.multi_label, "--multi-label"},
      {!o.calibration.empty(), "--calibration"}};
  const std::pair<bool, const char*> of_rows[] = {
      {!o.index.empty(), "--index"},
      {o.scores, "--scores"},
      {o.skip_negative, "--skip-negative"},
      {o.constrain_types, "--constrain-types"},
      {!o.data.labels.empty(), "--labels"},
      {!o.data.relabel.empty(), "--relabel"},
      {extract_format(o) != task::PredictionFormat::kJsonl, "a table or triples (--format, --out)"},
      {o.resume, "--resume"}};
  check_parts_of_data(o, relations);
  if (!o.adapters.empty()) {
    fail("jobs.extract",
         "several adapters answer rows that name theirs, and documents are asked by one. Leave the "
         "others out.");
  }
  check_given_entities(o, relations);
  for (const auto& [given, flag] : of_relations) {
    if (!given || relations) continue;
    fail("jobs.extract", fmt::format("{} is a run that finds entities, and {} is for relations. "
                                     "Leave it out.",
                                     o.adapter, flag));
  }
  for (const auto& [given, flag] : of_rows) {
    if (!given) continue;
    fail("jobs.extract",
         fmt::format("documents are looked through, and {} is for rows whose "
                     "entities are marked. Leave it out{}.",
                     flag, relations ? ", or answer such rows by --task relations" : ""));
  }
}

void check_document_run(const ExtractOptions& o, const ExtractSetup& setup) {
  if (!setup.labels) {
    fail("jobs.extract", fmt::format("{} has no labels.json, which says what its answers mean. Use "
                                     "a run of `relatum finetune`.",
                                     o.adapter.empty() ? "the model" : o.adapter));
  }
  if (!o.entities.empty()) check_entity_run(o.entities);
  else if (setup.run && setup.run->entities) asked_classes(o, *setup.run->entities);
}

ExtractOptions finding_options(const ExtractOptions& o) {
  ExtractOptions options;
  options.adapter = o.entities;
  options.model.models = o.model.models;
  options.model.compute = o.model.compute;
  options.model.low_memory = o.model.low_memory;
  options.batch_tokens = o.batch_tokens;
  options.entity_threshold = o.entity_threshold;
  options.entity_types = o.entity_types;
  options.force = o.force;
  return options;
}

}  // namespace relatum::jobs
