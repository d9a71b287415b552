// relatum calibrate: fits how sure a run's answers are to how often they are right.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/asking_options.h"
#include "app/command.h"
#include "app/options.h"
#include "app/output.h"
#include "io/text_file.h"
#include "jobs/calibrate.h"
#include "jobs/fit_calibration.h"

namespace relatum::app {
namespace {

struct Options : jobs::ExtractOptions {
  MachineOptions machine;
  bool json = false;
};

int run(const Options& o, Environment& environment) {
  o.machine.apply(environment);
  const jobs::CalibrateResult result = jobs::calibrate(o, environment.host());
  if (!result.finished) return kInterrupted;
  if (o.json) {
    write_out(io::read_text(jobs::calibration_file(o.adapter)));
    return kDone;
  }
  for (const std::string& line : jobs::calibration_lines(result.calibration)) {
    write_out(line + "\n");
  }
  environment.context().info(fmt::format("written to {}; `relatum extract` uses it from now on.",
                                         jobs::calibration_file(o.adapter).string()));
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  define_asked_model(app, *o);
  app.add_option("--adapter", o->adapter,
                 "Run folder of `relatum finetune`, or a PEFT adapter's; calibration.json is "
                 "written there")
      ->required()
      ->group("Model");
  define_force(app, *o);
  define_prompts(app, *o);
  app.add_option("--data", o->input,
                 "Labelled sentences that the adapter was not trained on: FORMAT:PATH")
      ->required()
      ->group("Data");
  define_data(app, o->data);
  define_asked_negative(app, *o, "Data");
  define_batch_tokens(app, *o, "Answer");
  app.add_flag("--json", o->json, "Print calibration.json instead of sentences")->group("Output");
  app.add_flag("--overwrite", o->overwrite, "Replace an existing calibration.json")
      ->group("Output");
  o->machine.define(app);
  app.footer(
      "Example:\n  relatum calibrate --adapter run --data dev.jsonl\n"
      "`relatum finetune` does this by itself on its dev data, where they are 50 sentences or "
      "more.\n`relatum extract` then divides log-probabilities by the temperature "
      "(--no-calibration leaves it off);\nthe kept thresholds are used by its --threshold dev and "
      "--multi-label.");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_calibrate() {
  static const Command command{"calibrate", "Fit how sure answers are to how often they are right",
                               define};
  return command;
}

}  // namespace relatum::app
