// Options that several commands share, each group defined once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/environment.h"
#include "engine/session.h"
#include "retrieve/embedder.h"
#include "task/load.h"
#include "task/prompt.h"

namespace CLI {
class App;
}

namespace relatum::app {

/// Threads, instruction set, quiet.
struct MachineOptions {
  int threads = 0;             ///< 0: one per core
  std::string isa = "auto";
  bool quiet = false;

  void define(CLI::App& app);
  /// To be called first by every action.
  void apply(Environment& environment) const;
};

/// Which model and where named models lie.
struct ModelOptions {
  std::string model, models, compute = "auto", base = "auto";
  bool low_memory = false;

  /// int8: whether products of integers are on offer (they serve inference alone).
  void define(CLI::App& app, bool int8);
  std::filesystem::path path(const Environment& environment) const;
  engine::SessionOptions session() const { return {compute, base, !low_memory}; }
};

/// Which model embeds sentences.
struct EmbedderOptions {
  std::string embedder, models, compute = "f32";

  void define(CLI::App& app);
  /// Where it lies. Throws Error that lists the names where it is none of them.
  std::filesystem::path path(const Environment& environment) const;
  retrieve::Embedder open(const Environment& environment) const;
};

/// What is read, and how strictly.
struct DataOptions {
  std::string relabel, labels;
  std::optional<int64_t> limit;
  bool skip_bad_rows = false;
  bool keep_unknown_labels = false;  ///< no option: for commands that need no known gold label

  void define(CLI::App& app);
  /// Loads a SPEC ("-" is standard input); reports skipped and dropped rows. `main`: --limit acts.
  task::Dataset load(const std::string& spec, bool main, Environment& environment) const;
};

/// A model's name or path to a path. Error that lists the known names.
std::filesystem::path find_model(const std::string& name, const std::string& folder,
                                 const Environment& environment);

/// "Prompt style: compact, …, or a template file", for the help of --prompt.
std::string prompt_help();

}  // namespace relatum::app
