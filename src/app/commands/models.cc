// relatum models: the models that have a name, and where each lies.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/options.h"
#include "arch/model_files.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "jobs/models_folder.h"

namespace relatum::app {
namespace {

struct Options {
  std::string folder;
  bool json = false;
};

// The architecture, or why the files cannot be read.
std::string architecture_of(const jobs::NamedModel& model) {
  if (!model.problem.empty()) return "unreadable: " + model.problem;
  try {
    return arch::ModelFiles::open(model.path).architecture();
  } catch (const std::exception& error) {
    return std::string("unreadable: ") + error.what();
  }
}

int run(const Options& o, Environment& environment) {
  const std::filesystem::path folder = o.folder.empty() ? environment.default_models()
                                                        : std::filesystem::path(o.folder);
  std::error_code ignored;
  if (!o.folder.empty() && !std::filesystem::is_directory(folder, ignored)) {
    fail("app.models",
         fmt::format("{} is not a folder. Name the folder in which models lie.", folder.string()));
  }
  const auto models = jobs::known_models(o.folder, environment.host());
  nlohmann::json list = nlohmann::json::array();
  size_t width = 4;
  for (const jobs::NamedModel& model : models) {
    width = std::max(width, printable(model.name).size());
  }
  for (const jobs::NamedModel& model : models) {
    const std::string architecture = architecture_of(model);
    list.push_back({{"name", model.name},
                    {"architecture", architecture},
                    {"path", model.path.string()},
                    {"source", model.source.empty() ? "folder" : model.source}});
    if (!o.json) {
      fmt::print("{:<{}}  {:<8}  {}{}\n", printable(model.name), width, printable(architecture),
                 printable(model.path.string()),
                 model.source.empty() ? "" : fmt::format(" ({})", model.source));
    }
  }
  if (o.json) fmt::print("{}\n", io::dump_json(list, 2));
  if (models.empty()) {
    environment.context().info(
        fmt::format("{} holds no model. scripts/quickstart fetches the two "
                    "default ones; or name a folder with --models.",
                    folder.string()));
  }
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("--models", o->folder, kModelsHelp);
  app.add_flag("--json", o->json, "Print JSON");
  app.footer(
      "Without --models, models of Hugging Face's cache, Ollama and LM Studio are listed, too, by "
      "the names that those programs use.\n\nExample:\n  relatum models --models ~/models");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_models() {
  static const Command command{"models", "List the models you can refer to by name", define};
  return command;
}

}  // namespace relatum::app
