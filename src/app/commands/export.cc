// relatum export: an adapter as a GGUF file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"
#include "app/next_command.h"
#include "app/options.h"
#include "app/output.h"
#include "base/counted.h"
#include "jobs/export_adapter.h"

namespace relatum::app {
namespace {

struct Options : jobs::ExportOptions {
  MachineOptions machine;
  std::string out_text;
};

int run(Options& o, Environment& environment) {
  o.machine.apply(environment);
  o.out = o.out_text;
  const jobs::ExportReport report = jobs::export_adapter(o, environment.host());
  const Context& context = environment.context();
  context.info(fmt::format("written to {}: pairs of {} for a base of architecture '{}', {:.2f} MB",
                           o.out_text, counted(report.linears, "linear"), report.architecture,
                           double(report.bytes) / 1e6));
  if (report.base == "nf4") {
    context.info(
        "the adapter was trained on its base in nf4, which GGUF does not have: on another form of "
        "the base it answers a little differently. `relatum merge` writes both as one model.");
  }
  warn_of_other_words(report.use, context);
  context.info("next: " + extract_command(o.out_text, report.model, report.base, report.use));
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("--adapter", o->use.adapter, "Run folder of `relatum finetune`, or a PEFT adapter")
      ->required();
  app.add_option("--model", o->use.model.model,
                 "Its base, a name, a GGUF file or a folder (default: the run's)");
  app.add_option("--models", o->use.model.models, kModelsHelp);
  app.add_option(
      "--format", o->format,
      fmt::format("Number format of the pairs: {}", fmt::join(jobs::export_formats(), ", ")));
  app.add_option("--out", o->out_text, "The GGUF file")->required();
  app.add_flag("--overwrite", o->overwrite, "Replace an existing file");
  app.add_flag("--no-calibration", o->use.no_calibration,
               "Do not name the run's calibration in the command that is printed");
  app.add_flag("--force", o->use.force, "Take another base than the run was trained on");
  o->machine.define(app);
  app.footer(
      "llama.cpp adds such a file to a GGUF of the same base: llama-cli -m base.gguf --lora FILE.\n"
      "`extract --adapter FILE` reads it, too.\n"
      "\n"
      "Example:\n"
      "  relatum export --adapter run --out run.gguf");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_export() {
  static const Command command{"export", "Write an adapter as a GGUF file for llama.cpp", define};
  return command;
}

}  // namespace relatum::app
