// relatum models: the models that have a name, and where each lies.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/options.h"
#include "arch/family.h"
#include "arch/model_files.h"
#include "arch/model_folder.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/gguf.h"
#include "io/json.h"
#include "jobs/models_folder.h"

namespace relatum::app {
namespace {

struct Options {
  std::string folder;
  bool json = false;
};

// What a model's files say, or why they cannot be used.
struct Facts {
  std::string architecture, use, problem;
  uint64_t bytes = 0;  // of its weights' files
};

Facts facts_of(const jobs::NamedModel& model) {
  Facts facts;
  facts.problem = model.problem;
  if (!facts.problem.empty()) return facts;
  try {
    if (arch::is_adapter_file(model.path)) {
      const io::GgufFile file = io::GgufFile::open(model.path);
      return {file.get_string("general.architecture", ""), "adapter", "",
              std::filesystem::file_size(model.path)};
    }
    const arch::ModelFiles files = arch::ModelFiles::open(model.path);
    facts.architecture = files.architecture();
    for (const auto& file : files.weight_files()) facts.bytes += std::filesystem::file_size(file);
    facts.use = arch::family(files).causal ? "language model" : "embedder";
  } catch (const std::exception& error) {
    facts.problem = error.what();
  }
  return facts;
}

std::string size_text(uint64_t bytes) {
  if (bytes == 0) return "";
  return bytes < 1'000'000'000 ? fmt::format("{:.0f} MB", double(bytes) / 1e6)
                               : fmt::format("{:.1f} GB", double(bytes) / 1e9);
}

using Row = std::array<std::string, 4>;  // name, architecture, use, size

void print_rows(const std::vector<Row>& rows, const std::vector<std::string>& ends) {
  std::array<size_t, 4> widths{};
  for (const Row& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& [name, architecture, use, size] = rows[i];
    fmt::print("{:<{}}  {:<{}}  {:<{}}  {:>{}}  {}\n", name, widths[0], architecture, widths[1],
               use, widths[2], size, widths[3], ends[i]);
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
  std::vector<Row> rows{{"name", "architecture", "use", "size"}};
  std::vector<std::string> ends{"path"};
  for (const jobs::NamedModel& model : models) {
    const Facts facts = facts_of(model);
    nlohmann::json entry{{"name", model.name},
                         {"architecture", facts.architecture},
                         {"use", facts.use},
                         {"bytes", facts.bytes},
                         {"path", model.path.string()},
                         {"source", model.source.empty() ? "folder" : model.source}};
    if (!facts.problem.empty()) entry["problem"] = facts.problem;
    list.push_back(std::move(entry));
    rows.push_back(
        {printable(model.name), printable(facts.architecture), facts.use, size_text(facts.bytes)});
    ends.push_back(
        printable(model.path.string()) +
        (model.source.empty() ? "" : fmt::format(" ({})", model.source)) +
        (facts.problem.empty() ? "" : "\n    cannot be used: " + printable(facts.problem)));
  }
  if (!o.json && !models.empty()) print_rows(rows, ends);
  if (o.json) fmt::print("{}\n", io::dump_json(list, 2));
  if (models.empty()) {
    environment.context().info(fmt::format(
        "{} holds no model: no GGUF file, and no folder with safetensors or GGUF files. "
        "{}",
        folder.string(),
        o.folder.empty() ? "scripts/quickstart fetches the two default ones; or name a folder with "
                           "--models."
                         : "Name the folder above those of the models."));
  }
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("--models", o->folder, kModelsHelp);
  app.add_flag("--json", o->json, "Print JSON");
  app.footer(
      "An adapter in a GGUF file that lies among them is listed as one: it goes behind --adapter.\n"
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
