// relatum evaluate: scores predictions with the benchmarks' official metrics.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/options.h"
#include "app/output.h"
#include "app/score_options.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "jobs/output_path.h"
#include "jobs/process_facts.h"
#include "task/evaluate.h"
#include "task/report.h"

namespace relatum::app {
namespace {

struct Options {
  MachineOptions machine;
  jobs::DataChoice data;
  std::string gold, predictions, report;
  task::EvaluateOptions scores;
  bool json = false, overwrite = false;
};

/// What the record beside the predictions says about where they come from. A record that cannot be
/// read is told and left out: the figures do not depend on it.
std::vector<task::ReportFact> facts_of(const Options& o, Environment& environment) {
  std::vector<task::ReportFact> facts = {{"predictions", o.predictions}};
  const std::string path = o.predictions + ".run.json";
  if (std::filesystem::exists(path)) {
    try {
      const nlohmann::json record = io::load_json(path);
      for (const auto& [key, name] :
           {std::pair("model", "model"), std::pair("adapter", "adapter"),
            std::pair("base", "weights"), std::pair("prompt", "prompt"),
            std::pair("index", "index"), std::pair("data", "data"), std::pair("answer", "answers"),
            std::pair("time", "answered on")}) {
        const std::string value = io::get_string(record, key, "", path);
        if (!value.empty()) facts.emplace_back(name, value);
      }
    } catch (const Error& error) {
      environment.context().warn(
          fmt::format("the report says nothing about the model: {}", error.what()));
    }
  }
  facts.emplace_back("scored on", jobs::utc_now());
  facts.emplace_back("Relatum", RELATUM_VERSION);
  return facts;
}

int run(const Options& o, Environment& environment) {
  o.machine.apply(environment);
  if (o.json && o.report == "-") {
    fail("app.evaluate",
         "--json and --report - both write to standard output. Give --report a "
         "file.");
  }
  jobs::CommandInputs inputs;
  inputs.add_data(o.gold);
  inputs.add_options(o.data);
  inputs.files.insert(inputs.files.end(), {o.predictions, o.predictions + ".run.json"});
  if (!o.report.empty() && o.report != "-") jobs::check_new_file(o.report, inputs, o.overwrite);
  jobs::DataChoice reading = o.data;
  reading.keep_unknown_labels = true;
  const task::Dataset data = reading.load(o.gold, true, environment.host());
  const auto predictions = task::read_predictions(o.predictions, o.scores.missing_is_wrong);
  const task::Report report = task::evaluate(data, predictions, o.scores);
  for (const std::string& warning : report.warnings) environment.context().warn(warning);
  if (!o.report.empty()) {
    Output output(o.report);
    output.write(task::to_html(report, facts_of(o, environment)));
    output.commit();
    if (output.is_stdout()) return kDone;
  }
  fmt::print("{}\n", o.json ? task::to_json(report) : printable_lines(task::to_text(report)));
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("--data", o->gold, "Gold data: FORMAT:PATH")->required()->group("Data");
  app.add_option("--predictions", o->predictions,
                 "What `relatum extract` wrote, a table with the columns id and label, or lines "
                 "of id TAB label")
      ->required()
      ->group("Data");
  define_data(app, o->data);
  define_negative(app, "Score", o->scores.negative);
  define_official(app, "Score", o->scores.official);
  define_missing(app, "Score", o->scores.missing_is_wrong);
  app.add_flag("--json", o->json, "Print JSON instead of tables")->group("Output");
  app.add_option("--report", o->report,
                 "Write an HTML page with tables, charts and the wrong answers")
      ->group("Output");
  app.add_flag("--overwrite", o->overwrite, "Replace an existing report")->group("Output");
  o->machine.define(app);
  app.footer(
      "Example:\n  relatum evaluate --data semeval2010:TEST_FILE_FULL.TXT "
      "--predictions predictions.jsonl --report report.html");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_evaluate() {
  static const Command command{"evaluate", "Score predictions with the official metrics", define};
  return command;
}

}  // namespace relatum::app
