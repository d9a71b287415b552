// relatum extract: names the relation in each sentence.
#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"
#include "app/extract_job.h"

namespace relatum::app {
namespace {

Action define(CLI::App& app) {
  const auto o = std::make_shared<ExtractOptions>();
  o->model.define(app, true);
  app.add_option("--adapter", o->adapter, "Run folder of `relatum finetune`, or a PEFT adapter")
      ->group("Model");
  app.add_option("--prompt", o->prompt, "Style (default: the run's)")->group("Prompt");
  app.add_option("--index", o->index, "Index folder: prompts carry the most similar example")
      ->group("Prompt");
  app.add_option("--neighbours", o->neighbours,
                 "Retrieved examples per prompt; 0: as the run, else 1")
      ->check(CLI::NonNegativeNumber)->group("Prompt");
  app.add_option("--embedder", o->embedder, "Embedder, where not the one that the index names")
      ->group("Prompt");
  app.add_flag("--chat", o->chat, "Wrap prompts in the model's chat template")->group("Prompt");
  app.add_option("--data", o->input, "Sentences: FORMAT:PATH, or - for JSON lines on stdin")
      ->required()->group("Data");
  o->data.define(app);
  app.add_option("--out", o->out, "predictions.jsonl")->required()->group("Answer");
  app.add_option("--answer", o->answer,
                 "scored: all labels' exact probabilities; shares: those of decoding held to the "
                 "labels, for less work; constrained: greedy within the labels; free: plain text, "
                 "parsed")
      ->check(CLI::IsMember({"scored", "shares", "constrained", "free"}))->group("Answer");
  app.add_flag("--scores", o->scores, "Write every label's probability")->group("Answer");
  app.add_option("--negligible", o->negligible,
                 "Leave out labels as soon as their probability must be below P, which saves most "
                 "of the work; 0: every label is computed in full")
      ->check(CLI::Range(0.0, 0.01))->group("Answer");
  app.add_option("--max-new-tokens", o->max_new_tokens, "Limit of a free answer")
      ->check(CLI::PositiveNumber)->group("Answer");
  app.add_option("--batch-tokens", o->batch_tokens, "Tokens computed at once")
      ->check(CLI::PositiveNumber)->group("Answer");
  app.add_flag("--force", o->force, "Use the adapter with another style, base or model")
      ->group("Model");
  o->machine.define(app);
  app.footer("Example:\n  relatum extract --model smollm2-135m-instruct --adapter run "
             "--data test.jsonl --out predictions.jsonl");
  return [o](Environment& environment) { return extract(*o, environment); };
}

}  // namespace

const Command& command_extract() {
  static const Command command{"extract", "Name the relation in each sentence", define};
  return command;
}

}  // namespace relatum::app
