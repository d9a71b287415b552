// Definitions of the shared option groups.
#include "app/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <istream>

#include "base/parallel_for.h"
#include "jobs/models_folder.h"
#include "kernels/cpu.h"
#include "task/labels.h"

namespace relatum::app {

void MachineOptions::define(CLI::App& app) {
  app.add_option("--threads", threads, "Number of threads; 0: one per core")
      ->check(CLI::Range(0, 1024))
      ->group("Machine");
  app.add_option("--isa", isa, "Instruction set; auto: the widest this CPU supports")
      ->check(CLI::IsMember({"auto", "avx2", "avx512"}))
      ->group("Machine");
  app.add_flag("--quiet", quiet, "Show only warnings and errors")->group("Machine");
}

void MachineOptions::apply(Environment& environment) const {
  environment.set_quiet(quiet);
  kernels::set_isa(isa);
  static const int usual = thread_count();  // what it was before any command set it
  set_thread_count(threads > 0 ? threads : usual);
}

void NamedModelOptions::define(CLI::App& app) {
  app.add_option("--model", model, "A name from `relatum models`, a GGUF file, or a folder")
      ->required();
  app.add_option("--models", models, kModelsHelp);
}

std::filesystem::path NamedModelOptions::path(const Environment& environment) const {
  return jobs::find_model(model, models, environment.host());
}

void define_model(CLI::App& app, jobs::ModelChoice& choice, bool int8) {
  app.add_option("--model", choice.model,
                 "A name from `relatum models`, a GGUF file, or a Hugging Face folder")
      ->required()
      ->group("Model");
  app.add_option("--models", choice.models, kModelsHelp)->group("Model");
  std::vector<std::string> types{"auto", "bf16", "f32"};
  if (int8) types.push_back("int8");
  app.add_option("--compute", choice.compute,
                 fmt::format("Number format for matrix products: {}; auto: the fastest on this "
                             "machine",
                             fmt::join(types, ", ")))
      ->check(CLI::IsMember(types))
      ->group("Model");
  app.add_flag("--low-memory", choice.low_memory,
               "Decode weights each time they are used instead of keeping them decoded: slower, "
               "but uses much less memory")
      ->group("Model");
  app.add_option("--base", choice.base,
                 "How frozen weights are kept in memory: nf4 (4 bits, as in QLoRA), keep (the "
                 "file's own blocks), bf16 or f32; auto: keep for a quantised GGUF, otherwise "
                 "nf4")
      ->check(CLI::IsMember({"auto", "nf4", "keep", "bf16", "f32"}))
      ->group("Model");
}

void EmbedderOptions::define(CLI::App& app) {
  app.add_option("--embedder", embedder, "A name from `relatum models`, or a folder")
      ->required()
      ->group("Embedder");
  app.add_option("--models", models, kModelsHelp)->group("Embedder");
  app.add_option("--compute", compute,
                 "Number format for matrix products; auto: the fastest on "
                 "this machine")
      ->check(CLI::IsMember({"f32", "bf16", "auto"}))
      ->group("Embedder");
}

std::filesystem::path EmbedderOptions::path(const Environment& environment) const {
  return jobs::find_model(embedder, models, environment.host());
}

retrieve::Embedder EmbedderOptions::open(const Environment& environment) const {
  return retrieve::Embedder(path(environment), compute);
}

void define_data(CLI::App& app, jobs::DataChoice& choice) {
  app.add_option("--relabel", choice.relabel,
                 "Correct TACRED's labels: tacrev:PATCH.json or retacred:PATCH.json")
      ->group("Data");
  app.add_option(
         "--labels", choice.labels,
         "JSON file of all labels, in order: a list, or an object from label to a description "
         "that prompts list beside it (default: the data set's own, or those that occur in "
         "it)")
      ->group("Data");
  app.add_option("--limit", choice.limit, "Read only the first N examples")->group("Data");
  app.add_flag("--skip-bad-rows", choice.skip_bad_rows,
               "Skip malformed rows with a warning instead of stopping at the first")
      ->group("Data");
}

std::string prompt_help() {
  std::string names;
  for (const task::PromptStyle* style : task::prompt_styles()) names += style->name + ", ";
  return fmt::format("Prompt style: {}or a template file", names);
}

std::string examples_help(const char* seed) {
  return fmt::format(
      "Which examples of the index prompts show. nearest: the most similar; random: drawn for each "
      "row by its id and text and by {}",
      seed);
}

}  // namespace relatum::app
