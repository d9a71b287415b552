// One text and one check for each option, whichever command has it.
#include "app/asking_options.h"

#include <CLI/CLI.hpp>

#include "app/options.h"
#include "jobs/retrieval.h"
#include "task/forms.h"

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
  app.add_option("--examples", o.examples,
                 examples_help("--examples-seed") + " (default: as in the run, otherwise nearest)")
      ->check(CLI::IsMember({jobs::kNearestExamples, jobs::kRandomExamples}))
      ->group("Prompt");
  app.add_option("--examples-seed", o.examples_seed,
                 "What random examples are drawn by (default: the run's seed, otherwise 1)")
      ->check(CLI::Range(uint64_t{0}, uint64_t{UINT32_MAX}))
      ->group("Prompt");
  app.add_option("--embedder", o.embedder, "Embedder, if not the one named in the index")
      ->group("Prompt");
  app.add_flag("--chat", o.chat, "Wrap prompts in the model's chat template")->group("Prompt");
}

void define_force(CLI::App& app, jobs::ExtractOptions& o) {
  app.add_flag("--force", o.force, "Use the adapter with another style, base or model")
      ->group("Model");
}

void define_asked_negative(CLI::App& app, jobs::ExtractOptions& o, const char* group) {
  app.add_option("--negative", o.negative,
                 "The label that means no relation (default: the run's, otherwise no_relation or "
                 "Other)")
      ->transform(task::seen_form)
      ->group(group);
}

void define_negligible(CLI::App& app, jobs::ExtractOptions& o, const char* group) {
  app.add_option("--negligible", o.negligible,
                 "Drop a label once its probability is certain to be below P, which saves most of "
                 "the work; 0: every label is computed in full")
      ->check(CLI::Range(0.0, 0.01))
      ->group(group);
}

void define_found_entities(CLI::App& app, jobs::ExtractOptions& o, const char* group) {
  app.add_option("--entity-threshold", o.entity_threshold,
                 "Take words for an entity from this probability on that they are one, of whatever "
                 "type: 0.2 finds more, 0.8 fewer and surer ones (default: words whose likeliest "
                 "class is a type)")
      ->check(CLI::Range(0.0, 1.0))
      ->group(group);
  app.add_option("--entity-types", o.entity_types,
                 "Look for entities of these types alone, as person,place: what the run would give "
                 "another type gets the likeliest of these, or is none (default: all that it "
                 "learned)")
      ->default_str("")
      ->delimiter(',')
      ->transform(task::seen_form)
      ->type_name("TYPE,…")
      ->group(group);
}

void define_batch_tokens(CLI::App& app, jobs::ExtractOptions& o, const char* group) {
  app.add_option("--batch-tokens", o.batch_tokens, "Tokens processed at once")
      ->check(CLI::PositiveNumber)
      ->group(group);
}

}  // namespace relatum::app
