// relatum inspect: what a GGUF, model folder, adapter, index or run is.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"
#include "app/inspect_text.h"
#include "app/models_folder.h"

namespace relatum::app {
namespace {

struct Options {
  std::string path, models;
  bool tensors = false;
};

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("path", o->path, "GGUF file, model folder, adapter, index, run, or a model's name")
      ->required();
  app.add_option("--models", o->models, "Folder where named models lie");
  app.add_flag("--tensors", o->tensors, "List every tensor");
  app.footer("Example:\n  relatum inspect smollm2-135m-instruct --tensors");
  return [o](Environment& environment) {
    const bool there = std::filesystem::exists(o->path);
    const auto path = there ? std::filesystem::path(o->path)
                            : find_model(o->path, o->models, environment);
    fmt::print("{}", inspect_text(path, o->tensors));
    return kDone;
  };
}

}  // namespace

const Command& command_inspect() {
  static const Command command{"inspect", "Say what a model, adapter, index or run is", define};
  return command;
}

}  // namespace relatum::app
