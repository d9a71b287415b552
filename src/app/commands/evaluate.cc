// relatum evaluate: scores predictions with the benchmarks' official metrics.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/document_scoring.h"
#include "app/options.h"
#include "app/output.h"
#include "app/score_options.h"
#include "base/error.h"
#include "base/printable.h"
#include "jobs/analyse.h"
#include "jobs/output_path.h"
#include "jobs/process_facts.h"
#include "jobs/run_history.h"
#include "jobs/without_effect.h"
#include "page/evaluation_page.h"
#include "task/evaluate.h"
#include "task/report.h"
#include "task/spec.h"

namespace relatum::app {
namespace {

struct Options {
  MachineOptions machine;
  jobs::AnalyseOptions analysis;  ///< data and predictions, too
  std::string report, adapter;
  std::string task = "relations", schema;
  task::EvaluateOptions scores;
  bool json = false, overwrite = false;
};

/// Where the answers come from. A record beside them that cannot be read is told and left out: the
/// figures do not depend on it.
page::Origin origin_of(const Options& o) {
  page::Origin origin{o.analysis.predictions, {}, {}, jobs::utc_now()};
  std::vector<std::string>& warnings = origin.warnings;
  try {
    origin.answers = jobs::read_answers_record(o.analysis.predictions);
  } catch (const Error& error) {
    warnings.push_back(fmt::format("the report says nothing about the model: {}", error.what()));
  }
  if (o.adapter.empty()) return origin;
  origin.run = jobs::read_history(o.adapter);
  if (origin.run->status != "done") {
    warnings.push_back(
        fmt::format("{} was not trained to its end ('{}'), so what is told of its training is a "
                    "part of it.",
                    o.adapter, printable_start(origin.run->status)));
  }
  const std::string other = jobs::check_same_run(origin.answers, *origin.run);
  if (!other.empty()) warnings.push_back(other);
  return origin;
}

/// What acts on the report's page alone, as it was given.
std::vector<std::string> flags_of_page(const Options& o) {
  static const jobs::AnalyseOptions usual{};
  std::vector<std::string> flags;
  if (!o.analysis.index.empty()) flags.emplace_back("--index");
  if (!o.analysis.train.empty()) flags.emplace_back("--train");
  if (o.analysis.sentences != usual.sentences) flags.emplace_back("--sentences");
  if (o.overwrite) flags.emplace_back("--overwrite");
  return flags;
}

void tell_without_effect(const Options& o, const Context& context) {
  if (o.report.empty()) jobs::warn_without_effect(flags_of_page(o), "--report", context);
  if (o.analysis.index.empty() && !o.analysis.embedder.empty()) {
    jobs::warn_without_effect({"--embedder"}, "--index", context);
  }
}

/// What the command reads, so that no report takes its place.
void check_report(const Options& o) {
  if (o.report.empty() || o.report == "-") return;
  jobs::CommandInputs inputs;
  inputs.add_data(o.analysis.input);
  inputs.add_data(o.analysis.train);
  inputs.add_options(o.analysis.data);
  const std::string& predictions = o.analysis.predictions;
  inputs.files.insert(inputs.files.end(), {predictions, predictions + ".run.json"});
  for (const std::string& folder : {o.adapter, o.analysis.index}) {
    if (!folder.empty()) inputs.folders.emplace_back(folder);
  }
  jobs::check_new_file(o.report, inputs, o.overwrite);
}

/// Data hold labels under the names that answers have, and would be all right.
void check_answers(const Options& o) {
  std::error_code ignored;
  const std::string data = task::parse_spec(o.analysis.input).path;
  if (!std::filesystem::equivalent(data, o.analysis.predictions, ignored)) return;
  fail("app.evaluate", fmt::format("{} is both --data and --predictions. Name the file that "
                                   "`relatum extract --out` wrote.",
                                   o.analysis.predictions));
}

/// evaluate's JSON, and behind it the run's where one was named.
std::string json_text(const task::Report& report, const page::Origin& origin) {
  if (!origin.run) return task::to_json(report);
  auto all = nlohmann::ordered_json::parse(task::to_json(report));
  all.update(nlohmann::ordered_json::parse(jobs::history_json(*origin.run)));
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string terminal_text(const task::Report& report, const page::Origin& origin) {
  std::string text = task::to_text(report);
  if (origin.run) text += "\n" + jobs::history_text(*origin.run);
  return printable_lines(text);
}

/// What acts on answers for pairs alone, as it was given.
std::vector<std::string> flags_of_pairs(const Options& o) {
  std::vector<std::string> flags = flags_of_page(o);
  if (o.scores.official) flags.emplace_back("--official");
  if (!o.analysis.data.labels.empty()) flags.emplace_back("--labels");
  if (!o.analysis.data.relabel.empty()) flags.emplace_back("--relabel");
  if (!o.adapter.empty()) flags.emplace_back("--adapter");
  if (!o.analysis.embedder.empty()) flags.emplace_back("--embedder");
  return flags;
}

int run_documents(const Options& o, Environment& environment) {
  if (!o.report.empty()) {
    fail("app.evaluate",
         fmt::format("--report: there is no page for --task {}. Leave it out; the terminal and "
                     "--json have all figures.",
                     o.task));
  }
  jobs::warn_without_effect(flags_of_pairs(o), "--task relations", environment.context());
  if (o.scores.negative && o.task == "entities") {
    jobs::warn_without_effect({"--negative"}, "--task relations or joint", environment.context());
  }
  check_answers(o);
  DocumentScoring scoring;
  scoring.data = o.analysis.input;
  scoring.predictions = o.analysis.predictions;
  scoring.schema = o.schema;
  scoring.reading.limit = o.analysis.data.limit;
  scoring.reading.skip_bad_rows = o.analysis.data.skip_bad_rows;
  scoring.reading.keep_unknown_labels = true;
  scoring.options.relations = o.task == "joint";
  scoring.options.missing_is_wrong = o.scores.missing_is_wrong;
  scoring.options.negative = o.scores.negative;
  const std::string of_data = task::parse_spec(o.analysis.input).negative;
  if (!o.scores.negative && !of_data.empty()) scoring.options.negative = of_data;
  fmt::print("{}\n", score_documents_text(scoring, o.json, environment.host()));
  return kDone;
}

int run(const Options& o, Environment& environment) {
  o.machine.apply(environment);
  if (o.task != "relations") return run_documents(o, environment);
  if (!o.schema.empty()) {
    jobs::warn_without_effect({"--schema"}, "--task joint", environment.context());
  }
  if (o.json && o.report == "-") {
    fail("app.evaluate",
         "--json and --report - both write to standard output. Give --report a "
         "file.");
  }
  check_report(o);
  tell_without_effect(o, environment.context());
  jobs::DataChoice reading = o.analysis.data;
  reading.keep_unknown_labels = true;
  const page::Origin origin = origin_of(o);
  for (const std::string& each : origin.warnings) environment.context().warn(each);
  if (origin.run) {
    for (const std::string& each : origin.run->notes) environment.context().warn(each);
  }
  check_answers(o);
  // First: gold documents may hold no pair, and the answers show that they are documents.
  const auto predictions = task::read_predictions(o.analysis.predictions,
                                                  o.scores.missing_is_wrong);
  const task::Dataset data = reading.load(o.analysis.input, true, environment.host());
  const task::Report report = task::evaluate(data, predictions, o.scores);
  for (const std::string& warning : report.warnings) environment.context().warn(warning);
  if (!o.report.empty()) {
    jobs::AnalyseOptions analysis = o.analysis;
    analysis.negative = o.scores.negative;
    analysis.missing_is_wrong = o.scores.missing_is_wrong;
    const task::Analysis groups = jobs::analyse(analysis, data, predictions, environment.host());
    Output output(o.report);
    output.write(page::evaluation_page({report, &groups, origin}));
    output.commit();
    if (output.is_stdout()) return kDone;
  }
  fmt::print("{}\n", o.json ? json_text(report, origin) : terminal_text(report, origin));
  return kDone;
}

void define_report(CLI::App& app, Options& o) {
  app.add_option("--adapter", o.adapter,
                 "The run that gave the answers: adds its training, time and memory (nothing is "
                 "taken from a run that is not named)")
      ->group("Report");
  app.add_option("--index", o.analysis.index,
                 "Index folder: shows the retrieved examples; where the predictions name none, the "
                 "nearest are looked up")
      ->group("Report");
  app.add_option("--embedder", o.analysis.embedder, "Embedder, if not the one named in the index")
      ->group("Report");
  app.add_option("--models", o.analysis.models, kModelsHelp)->group("Report");
  app.add_option("--train", o.analysis.train,
                 "Labelled sentences that cue words are counted in, as `analyse` takes them")
      ->group("Report");
  app.add_option("--sentences", o.analysis.sentences, "Wrong answers shown of each group")
      ->check(CLI::Range(int64_t{0}, int64_t{20}))
      ->group("Report");
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("--data", o->analysis.input, "Gold data: FORMAT:PATH")->required()->group("Data");
  app.add_option("--predictions", o->analysis.predictions,
                 "What `relatum extract` wrote, a table with the columns id and label, or lines "
                 "of id TAB label; for --task entities and joint, JSON lines with id, entities and "
                 "relations")
      ->required()
      ->group("Data");
  define_data(app, o->analysis.data);
  app.add_option("--task", o->task,
                 "What is scored: relations (answers for pairs), entities (found in documents), or "
                 "joint (both end to end)")
      ->check(CLI::IsMember({"relations", "entities", "joint"}))
      ->group("Score");
  app.add_option("--schema", o->schema,
                 "schema.toml, for --task joint: both directions of its symmetric relations count "
                 "as one relation")
      ->group("Score");
  define_negative(app, "Score", o->scores.negative);
  define_official(app, "Score", o->scores.official);
  define_missing(app, "Score", o->scores.missing_is_wrong);
  app.add_flag("--json", o->json, "Print JSON instead of tables")->group("Output");
  app.add_option("--report", o->report,
                 "Write an HTML page with tables, charts, the training and the wrong answers")
      ->group("Output");
  define_report(app, *o);
  app.add_flag("--overwrite", o->overwrite, "Replace an existing report")->group("Output");
  o->machine.define(app);
  app.footer(
      "Examples:\n  relatum evaluate --data semeval2010:TEST_FILE_FULL.TXT "
      "--predictions predictions.jsonl --adapter runs/mine --report report.html\n"
      "  relatum evaluate --task joint --data test.jsonl --predictions found.jsonl");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_evaluate() {
  static const Command command{"evaluate", "Score predictions with the official metrics", define};
  return command;
}

}  // namespace relatum::app
