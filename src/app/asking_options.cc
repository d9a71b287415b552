// What extract and calibrate ask alike.
#include "app/asking_options.h"

#include <CLI/CLI.hpp>

#include "app/options.h"

namespace relatum::app {

void define_asked_model(CLI::App& app, jobs::ExtractOptions& o) {
  define_model(app, o.model, true);
  app.get_option("--model")->required(false)->description(
      "A name from `relatum models`, a GGUF file, or a Hugging Face folder (default: the run's)");
}

void define_prompts(CLI::App& app, jobs::ExtractOptions& o) {
  app.add_option("--prompt", o.prompt, "Prompt style, or a template file (default: the run's)")
      ->group("Prompt");
  app.add_option("--index", o.index,
                 "Index folder; each prompt then includes the most similar example (default: the "
                 "run's)")
      ->group("Prompt");
  app.add_flag("--no-index", o.no_index, "Ignore the run's index")->group("Prompt");
  app.add_option("--neighbours", o.neighbours,
                 "Retrieved examples per prompt; 0: as in the run, otherwise 1")
      ->check(CLI::NonNegativeNumber)
      ->group("Prompt");
  app.add_option("--embedder", o.embedder, "Embedder, if not the one named in the index")
      ->group("Prompt");
  app.add_flag("--chat", o.chat, "Wrap prompts in the model's chat template")->group("Prompt");
}

}  // namespace relatum::app
