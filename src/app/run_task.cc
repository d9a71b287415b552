// Reads the options of the stages as their commands do.
#include "app/run_task.h"

#include <fmt/format.h>

#include "app/stage_options.h"
#include "base/error.h"
#include "jobs/finetune_entities.h"
#include "jobs/finetune_joint.h"
#include "task/spec.h"

namespace relatum::app {
namespace {

// The stage that answers with what [finetune] made; nullptr where there is none.
const RunStage* asking(const std::vector<RunStage>& stages) {
  const RunStage* trained = find_stage(stages, "finetune");
  const RunStage* extract = find_stage(stages, "extract");
  const bool its = trained && extract && extract->value("adapter") == trained->result();
  return its ? extract : nullptr;
}

}  // namespace

void check_classes(const RunStage& trained, const task::Labels& learned,
                   const task::Labels& asked) {
  if (trained.value("head") != "classifier") return;
  for (const std::string& label : asked.names()) {
    if (learned.find(label)) continue;
    fail("app.run", fmt::format("[extract] may answer '{}', and the classifier of [finetune] is "
                                "not trained on that label. Name the labels that it is trained on "
                                "as 'labels' of [extract].",
                                label));
  }
}

void check_run_task(const jobs::FinetuneOptions& options, const std::vector<RunStage>& stages) {
  if (jobs::learns_both(options)) {
    const RunStage* extract = asking(stages);
    if (!extract || extract->value("task") == "relations") return;
    fail("app.run",
         "'task' is joint, and a run's stages answer pairs of marked entities. Write task = "
         "\"relations\" below [extract]; `relatum extract` finds entities, too.");
  }
  if (!jobs::finds_entities(options)) return;
  fail("app.run", fmt::format("'task' is {}, and a run from a file teaches relations. Use "
                              "`relatum finetune --task {}` and `relatum extract`.",
                              options.task, options.task));
}

bool asked_otherwise(const jobs::FinetuneOptions& options, const task::Example& row) {
  return jobs::asks_sentences(options) && !row.document.empty();
}

void check_sentence_pairs(const std::vector<RunStage>& stages, const task::Dataset& gold) {
  const RunStage* trained = find_stage(stages, "finetune");
  const RunStage* evaluate = find_stage(stages, "evaluate");
  if (!asking(stages) || !evaluate || gold.examples.empty()) return;
  if (!asked_otherwise(finetune_options(trained->arguments), gold.examples.at(0))) return;
  const std::string spec = evaluate->value("data");
  const task::Spec parts = task::parse_spec(spec);
  const bool cut = parts.limit || parts.sample || evaluate->has("limit") ||
                   asking(stages)->has("limit");
  if (cut) {
    fail("app.run",
         fmt::format("{}: a limit or a sample counts documents where [extract] asks for "
                     "the pairs of their sentences, and pairs here. Leave it out, or cut "
                     "the file.",
                     spec));
  }
  if (parts.negative.empty() && gold.unrelated_left_out) {
    fail("app.run", fmt::format("{}: all pairs of a sentence are asked, and these are the pairs "
                                "with a relation alone. Write ?negative=no_relation behind the "
                                "file, or the label that means none.",
                                spec));
  }
  if (evaluate->value("missing") == "wrong") return;
  fail("app.run",
       "[finetune] learns the pairs of sentences, and documents have pairs across them that are "
       "not asked. Write missing = \"wrong\" below [evaluate].");
}

}  // namespace relatum::app
