// relatum compare: two systems' answers to the same examples, and whether they differ.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"
#include "app/options.h"
#include "app/output.h"
#include "app/score_options.h"
#include "base/error.h"
#include "base/printable.h"
#include "jobs/output_path.h"
#include "jobs/process_facts.h"
#include "jobs/without_effect.h"
#include "page/evaluation_page.h"
#include "task/compare.h"

namespace relatum::app {
namespace {

struct Options {
  MachineOptions machine;
  jobs::DataChoice data;
  std::string gold;
  std::vector<std::string> predictions, against;
  std::string report;
  task::EvaluateOptions scores{.samples = 10000};
  bool json = false, overwrite = false;
};

task::Side read_side(const std::vector<std::string>& files, bool may_be_empty) {
  task::Side side;
  side.files = files;
  for (const std::string& file : files) {
    side.runs.push_back(task::read_predictions(file, may_be_empty));
  }
  return side;
}

std::vector<jobs::AnswersRecord> records_of(const std::vector<std::string>& files) {
  std::vector<jobs::AnswersRecord> records;
  for (const std::string& file : files) records.push_back(jobs::read_answers_record(file));
  return records;
}

void check_report(const Options& o, const Context& context) {
  if (o.json && o.report == "-") {
    fail("app.compare",
         "--json and --report - both write to standard output. Give --report a file.");
  }
  if (o.report.empty() && o.overwrite) {
    jobs::warn_without_effect({"--overwrite"}, "--report", context);
  }
  if (o.report.empty() || o.report == "-") return;
  jobs::CommandInputs inputs;
  inputs.add_data(o.gold);
  inputs.add_options(o.data);
  for (const auto* files : {&o.predictions, &o.against}) {
    inputs.files.insert(inputs.files.end(), files->begin(), files->end());
  }
  jobs::check_new_file(o.report, inputs, o.overwrite);
}

int run(const Options& o, Environment& environment) {
  o.machine.apply(environment);
  check_report(o, environment.context());
  std::vector<std::string> first = o.predictions, second = o.against;
  if (second.empty()) {
    if (first.size() != 2) {
      fail("app.compare",
           fmt::format("--predictions names {} {}: give two, or one system's files behind "
                       "--predictions and the other's behind --against.",
                       first.size(), first.size() == 1 ? "file" : "files"));
    }
    second = {first[1]};
    first.pop_back();
  }
  jobs::DataChoice reading = o.data;
  reading.keep_unknown_labels = true;
  const task::Dataset data = reading.load(o.gold, true, environment.host());
  const bool may_be_empty = o.scores.missing_is_wrong;
  const task::Comparison comparison = task::compare(data, read_side(first, may_be_empty),
                                                    read_side(second, may_be_empty), o.scores);
  for (const std::string& warning : comparison.warnings) environment.context().warn(warning);
  if (!o.report.empty()) {
    Output output(o.report);
    const page::ComparedAnswers answers{records_of(first), records_of(second)};
    output.write(page::comparison_page(comparison, answers, jobs::utc_now()));
    output.commit();
    if (output.is_stdout()) return kDone;
  }
  write_out((o.json ? task::to_json(comparison) : printable_lines(task::to_text(comparison))) +
            "\n");
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("--data", o->gold, "Gold data: FORMAT:PATH")->required()->group("Data");
  app.add_option("--predictions", o->predictions,
                 "Two files of answers to the same data, A and B; with --against the files of A, "
                 "one for each seed")
      ->required()
      ->group("Data");
  app.add_option("--against", o->against, "The files of B, one for each seed")->group("Data");
  define_data(app, o->data);
  define_negative(app, "Score", o->scores.negative);
  define_official(app, "Score", o->scores.official);
  define_missing(app, "Score", o->scores.missing_is_wrong);
  app.add_option("--samples", o->scores.samples, "Draws of the paired bootstrap; 0: none")
      ->check(CLI::Range(int64_t{0}, int64_t{1000000}))
      ->group("Score");
  app.add_option("--seed", o->scores.seed, "Seed of the draws")->group("Score");
  app.add_flag("--json", o->json, "Print JSON instead of tables")->group("Output");
  app.add_option("--report", o->report, "Write an HTML page with tables and charts")
      ->group("Output");
  app.add_flag("--overwrite", o->overwrite, "Replace an existing report")->group("Output");
  o->machine.define(app);
  app.footer(
      "Examples:\n  relatum compare --data test.jsonl --predictions before.jsonl after.jsonl\n"
      "  relatum compare --data test.jsonl --predictions a1.jsonl a2.jsonl a3.jsonl "
      "--against b1.jsonl b2.jsonl b3.jsonl");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_compare() {
  static const Command command{"compare", "Tell whether two systems' answers differ in quality",
                               define};
  return command;
}

}  // namespace relatum::app
