// relatum evaluate: scores predictions with the benchmarks' official figures.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"
#include "app/options.h"
#include "app/output_path.h"
#include "base/atomic_file.h"
#include "task/evaluate.h"
#include "task/report.h"

namespace relatum::app {
namespace {

struct Options {
  MachineOptions machine;
  DataOptions data;
  std::string gold, predictions, report, missing = "error";
  std::optional<std::string> negative;
  bool json = false;
};

int run(const Options& o, Environment& environment) {
  o.machine.apply(environment);
  if (!o.report.empty()) check_output_file(o.report);
  const task::Dataset data = o.data.load(o.gold, true, environment);
  const auto predictions = task::read_predictions(o.predictions);
  task::EvaluateOptions options;
  options.negative = o.negative;
  options.missing_is_wrong = o.missing == "wrong";
  const task::Report report = task::evaluate(data, predictions, options);
  if (!o.report.empty()) write_file(o.report, task::to_html(report));
  fmt::print("{}\n", o.json ? task::to_json(report) : task::to_text(report));
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("--data", o->gold, "Gold data: FORMAT:PATH")->required()->group("Data");
  app.add_option("--predictions", o->predictions,
                 "predictions.jsonl of `relatum extract`, or lines of id TAB label")
      ->required()->group("Data");
  o->data.define(app);
  app.add_option("--negative", o->negative,
                 "The label that means no relation (default: no_relation or Other)")
      ->group("Score");
  app.add_option("--missing", o->missing, "An example without a prediction: error, or wrong")
      ->check(CLI::IsMember({"error", "wrong"}))->group("Score");
  app.add_flag("--json", o->json, "Print JSON instead of tables")->group("Output");
  app.add_option("--report", o->report, "Write a page with tables and pictures")->group("Output");
  o->machine.define(app);
  app.footer("Example:\n  relatum evaluate --data semeval2010:TEST_FILE_FULL.TXT "
             "--predictions predictions.jsonl --report report.html");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_evaluate() {
  static const Command command{"evaluate", "Score predictions with the official figures", define};
  return command;
}

}  // namespace relatum::app
