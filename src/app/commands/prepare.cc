// relatum prepare: the prompts that a model would read, as JSON lines.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"
#include "app/options.h"
#include "app/output.h"
#include "jobs/models_folder.h"
#include "jobs/output_path.h"
#include "jobs/retrieval.h"

namespace relatum::app {
namespace {

struct Options {
  MachineOptions machine;
  jobs::DataChoice data;
  std::string input, prompt = "compact", index, embedder, models, out, purpose = "test";
  int64_t neighbours = 1;
  std::string examples = jobs::kNearestExamples;
  uint64_t examples_seed = 1;
  bool overwrite = false;
};

int run(const Options& o, Environment& environment) {
  o.machine.apply(environment);
  jobs::CommandInputs inputs;
  inputs.add_data(o.input);
  inputs.add_options(o.data);
  inputs.files.push_back(o.prompt);
  inputs.folders = {o.index};
  if (o.out != "-") jobs::check_new_file(o.out, inputs, o.overwrite);
  task::Dataset data = o.data.load(o.input, true, environment.host());
  if (!o.index.empty()) jobs::settle_labels(data, o.index);
  const task::PromptRenderer renderer(task::load_style(o.prompt), data.labels);
  jobs::Retrieved retrieved;
  if (!o.index.empty()) {
    jobs::Retrieval retrieval(o.index, o.embedder, o.models, environment.host());
    const auto kind = o.purpose == "train" ? jobs::QueryKind::kTraining : jobs::QueryKind::kTest;
    retrieved = retrieval.find(data.examples,
                               jobs::example_choice(o.neighbours, o.examples, o.examples_seed),
                               kind, environment.context());
  }
  std::vector<task::Prompt> prompts;
  for (size_t i = 0; i < data.examples.size(); ++i) {
    prompts.push_back(renderer.render(data.examples[i], retrieved.of(i)));
  }
  environment.end_progress();
  Output output(o.out);
  for (const task::Prompt& prompt : prompts) output.write(task::to_json(prompt) + "\n");
  output.commit();
  environment.context().info(
      fmt::format("prompts written to {}: {}", output_name(o.out), prompts.size()));
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("--data", o->input,
                 "Sentences: FORMAT:PATH, or - for JSON lines from standard input")
      ->required()
      ->group("Data");
  define_data(app, o->data);
  app.add_option("--prompt", o->prompt, prompt_help())->group("Prompt");
  app.add_option("--index", o->index,
                 "Index folder; each prompt then includes the most similar "
                 "example")
      ->group("Prompt");
  app.add_option("--neighbours", o->neighbours, "Retrieved examples per prompt")
      ->check(CLI::PositiveNumber)
      ->group("Prompt");
  app.add_option("--examples", o->examples, examples_help("--examples-seed"))
      ->check(CLI::IsMember({jobs::kNearestExamples, jobs::kRandomExamples}))
      ->group("Prompt");
  app.add_option("--examples-seed", o->examples_seed, "What random examples are drawn by")
      ->check(CLI::Range(uint64_t{0}, uint64_t{UINT32_MAX}))
      ->group("Prompt");
  app.add_option("--for", o->purpose,
                 "test; or train, where a sentence never retrieves itself or a duplicate")
      ->check(CLI::IsMember({"test", "train"}))
      ->group("Prompt");
  app.add_option("--embedder", o->embedder, "Embedder, if not the one named in the index")
      ->group("Prompt");
  app.add_option("--models", o->models, kModelsHelp)->group("Prompt");
  app.add_option("--out", o->out, "File for the prompts, as JSON lines; -: standard output")
      ->required()
      ->group("Output");
  app.add_flag("--overwrite", o->overwrite, "Replace an existing file")->group("Output");
  o->machine.define(app);
  app.footer(
      "A template file is text that may hold {{text}}, {{marked_text}} (<e1>…</e1> "
      "<e2>…</e2>),\n{{bracketed_text}} ([…] {…}), {{starred_text}} ([ …] * …*, which T5's "
      "vocabulary has), {{head}},\n{{tail}}, {{head_type}}, {{tail_type}} and {{labels}}; for a "
      "retrieved example also {{example_text}},\n{{example_label}} and so on. The part between "
      "{{#example}} and {{/example}} is repeated for each\nretrieved example.\n\n"
      "Example:\n  relatum prepare --data tacred:test.json --prompt rag4re --index index "
      "--out prompts.jsonl");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_prepare() {
  static const Command command{"prepare", "Write the prompts that a model would read", define};
  return command;
}

}  // namespace relatum::app
