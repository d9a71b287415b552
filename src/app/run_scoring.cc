// Scores no answers at all, and joins the ids of both stages.
#include "app/run_scoring.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/run_data.h"
#include "app/stage_options.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/error_sentence.h"
#include "task/evaluate.h"
#include "task/forms.h"
#include "task/join.h"

namespace relatum::app {
namespace {

void check_settings(const RunStage& evaluate, const task::Dataset& gold) {
  if (const std::string task = evaluate.value("task", "relations"); task != "relations") {
    fail("app.run", fmt::format("task = \"{}\": a run's stages answer pairs. Score documents by "
                                "`relatum evaluate --task {}`, or leave this key out.",
                                task, task));
  }
  if (evaluate.has("json") && evaluate.result() == "-") {
    fail("app.run",
         "'json' and report = \"-\" would both go to standard output. Leave one of them "
         "out, or name a file as 'report'.");
  }
  if (gold.examples.empty()) return;
  task::EvaluateOptions options{.missing_is_wrong = true, .samples = 0};
  if (evaluate.has("negative")) options.negative = task::seen_form(evaluate.value("negative"));
  if (evaluate.has("official")) options.official = evaluate.value("official");
  task::evaluate(gold, {}, options);
}

// The rows that [extract] answers, as if it had.
void check_rows(const RunStage& extract, const task::Dataset& gold, bool missing_is_wrong) {
  if (gold.examples.empty() || reads_input(extract, "data")) return;
  std::vector<task::Prediction> predictions;
  for (const task::Example& example : load_stage_data(extract, "data", true).examples) {
    predictions.emplace_back().id = example.id;
  }
  std::vector<const task::Prediction*> joined;
  try {
    joined = task::join_predictions(gold, predictions, true);
  } catch (const Error& error) {
    fail("app.run", fmt::format("[extract] reads other rows: {}", sentence_of(error)));
  }
  const auto missing = std::count(joined.begin(), joined.end(), nullptr);
  if (!missing || missing_is_wrong) return;
  fail("app.run", fmt::format("[extract] does not answer {} of the {} here. Give both the same "
                              "data and the same limit, or write missing = \"wrong\" below "
                              "[evaluate].",
                              missing, counted(int64_t(gold.examples.size()), "example")));
}

}  // namespace

void check_run_scoring(const std::vector<RunStage>& stages, const task::Dataset& gold) {
  const RunStage& evaluate = *find_stage(stages, "evaluate");
  check_settings(evaluate, gold);
  const RunStage* extract = find_stage(stages, "extract");
  if (!extract || evaluate.value("predictions") != extract->result()) return;
  if (extract->result() == "-") {
    fail("app.run",
         "predictions go to standard output, where [evaluate] cannot read them. Name "
         "a file as 'out' of [extract].");
  }
  const jobs::ExtractOptions options = extract_options(extract->arguments);
  if (jobs::extract_format(options) == task::PredictionFormat::kTriples) {
    fail("app.run",
         "[extract] writes triples, which have no id for each example to score. Use "
         "format = \"jsonl\", \"csv\" or \"tsv\", or leave [evaluate] out.");
  }
  const bool missing_is_wrong = evaluate.value("missing") == "wrong";
  const bool fewer = options.skip_negative || options.min_probability > 0;
  if (fewer && !missing_is_wrong) {
    fail("app.run", fmt::format("[extract] leaves answers out ({}), and an example without an "
                                "answer is an error here. Write missing = \"wrong\" below "
                                "[evaluate], or leave that key out.",
                                options.skip_negative ? "skip-negative" : "min-probability"));
  }
  check_rows(*extract, gold, missing_is_wrong);
}

}  // namespace relatum::app
