// relatum inspect: what any file or folder that Relatum reads or writes is.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"
#include "app/inspect_file.h"
#include "app/inspect_text.h"
#include "app/options.h"
#include "base/printable.h"
#include "jobs/models_folder.h"
#include "task/spec.h"

namespace relatum::app {
namespace {

struct Options {
  std::string path, models;
  bool tensors = false;
};

int run(const Options& o, Environment& environment) {
  std::error_code ignored;
  std::string text;
  if (std::filesystem::exists(o.path, ignored)) {
    text = inspect_text(o.path, o.tensors);
  } else if (!task::parse_spec(o.path).format.empty()) {
    text = printable_lines(inspect_data_text(o.path));
  } else {
    text = inspect_text(jobs::find_model(o.path, o.models, environment.host()), o.tensors);
  }
  fmt::print("{}", text);
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("path", o->path,
                 "Any file or folder that Relatum reads or writes (a model, an "
                 "adapter, a run, an index, data, predictions, a report …), FORMAT:PATH for data, "
                 "or a model's name")
      ->required();
  app.add_option("--models", o->models, kModelsHelp);
  app.add_flag("--tensors", o->tensors, "List every tensor, not just the first ones");
  app.footer(
      "Examples:\n  relatum inspect smollm2-135m-instruct --tensors\n"
      "  relatum inspect train.jsonl");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_inspect() {
  static const Command command{"inspect",
                               "Describe a file or folder: a model, data, a run and so on", define};
  return command;
}

}  // namespace relatum::app
