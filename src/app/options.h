// Options that several commands share, each group defined once.
#pragma once

#include <cstdint>
#include <string>

#include "app/environment.h"
#include "jobs/choices.h"
#include "retrieve/embedder.h"
#include "task/prompt.h"

namespace CLI {
class App;
}

namespace relatum::app {

/// Threads, instruction set, quiet.
struct MachineOptions {
  int threads = 0;  ///< 0: one per core
  std::string isa = "auto";
  bool quiet = false;

  void define(CLI::App& app);
  /// To be called first by every action.
  void apply(Environment& environment) const;
};

/// The help of --models.
inline constexpr const char* kModelsHelp =
    "Folder of named models (default: ~/.local/share/relatum/models)";

/// A model as it lies, for commands that do not run it.
struct NamedModelOptions {
  std::string model, models;

  void define(CLI::App& app);
  /// Where it lies. Throws Error that lists the names where it is none of them.
  std::filesystem::path path(const Environment& environment) const;
};

/// Which model, where named ones lie, and how it is kept. int8: whether products of integers are on
/// offer (they serve inference alone).
void define_model(CLI::App& app, jobs::ModelChoice& choice, bool int8);
/// How strictly data are read, and which labels they have.
void define_data(CLI::App& app, jobs::DataChoice& choice);

/// Which model embeds sentences.
struct EmbedderOptions {
  std::string embedder, models, compute = "f32";

  void define(CLI::App& app);
  /// Where it lies. Throws Error that lists the names where it is none of them.
  std::filesystem::path path(const Environment& environment) const;
  retrieve::Embedder open(const Environment& environment) const;
};

/// "Prompt style: compact, …, or a template file", for the help of --prompt.
std::string prompt_help();
/// The help of --examples; `seed` is the option that random ones are drawn by.
std::string examples_help(const char* seed);

}  // namespace relatum::app
