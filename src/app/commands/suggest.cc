// relatum suggest: the texts whose labels would teach most, for an annotation tool.
#include <CLI/CLI.hpp>
#include <memory>

#include "app/asking_options.h"
#include "app/command.h"
#include "app/options.h"
#include "jobs/suggest.h"

namespace relatum::app {
namespace {

struct Options : jobs::SuggestOptions {
  MachineOptions machine;
};

void define_choice(CLI::App& app, Options& o) {
  app.add_option("--count", o.count, "How many texts")->check(CLI::PositiveNumber)->group("Choice");
  app.add_option("--by", o.by,
                 "What ranks a text by its most uncertain pair: the margin of its two likeliest "
                 "labels, the entropy of all, or the least confident answer; or random, for "
                 "comparisons")
      ->check(CLI::IsMember({"margin", "entropy", "least", "random"}))
      ->group("Choice");
  app.add_option("--similar", o.similar,
                 "Pass over a text that is more like one that was taken than this, while others "
                 "are left; 1: none (default: a cosine of 0.9, or without an embedder 0.7 of the "
                 "words)")
      ->check(CLI::Range(0.0, 1.0))
      ->group("Choice");
  app.add_option("--seed", o.seed, "Which random choice")->group("Choice");
  app.get_option("--embedder")
      ->description(
          "Embedder that tells which texts are alike (default: the index's; without one, words in "
          "common)")
      ->group("Choice");
}

void define_output(CLI::App& app, Options& o) {
  app.add_option("--out", o.out,
                 "FILE.json with tasks for Label Studio, and FILE.xml with the labelling "
                 "configuration; a new folder for brat; FILE.jsonl; or - for JSON lines on "
                 "standard output")
      ->required()
      ->default_str("")
      ->group("Output");
  app.add_option("--format", o.format, "The form to write (default: by the ending of --out)")
      ->check(CLI::IsMember({"labelstudio", "brat", "jsonl"}))
      ->group("Output");
  define_asked_negative(app, o, "Output");
  app.add_flag("--overwrite", o.overwrite, "Replace what is there")->group("Output");
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  define_asked_model(app, *o);
  app.add_option("--adapter", o->adapter,
                 "Run folder of `relatum finetune`, which also records its model, style and index; "
                 "or a PEFT adapter")
      ->group("Model");
  define_prompts(app, *o);
  app.add_option("--data", o->input,
                 "Texts with their entities: FORMAT:PATH; or texts alone, where a run finds their "
                 "entities. Labels are not looked at")
      ->required()
      ->group("Data");
  define_data(app, o->data);
  app.add_option("--entities", o->entities,
                 "Run of `relatum finetune --task entities` that finds entities in documents that "
                 "list none (default: the adapter's own, where it learned both)")
      ->type_name("RUN")
      ->group("Data");
  define_found_entities(app, *o, "Data");
  define_choice(app, *o);
  app.add_option("--answer", o->answer,
                 "scored: all labels' exact probabilities; shares: probabilities of decoding "
                 "restricted to the labels, which is cheaper")
      ->check(CLI::IsMember({"scored", "shares"}))
      ->group("Answer");
  define_negligible(app, *o, "Answer");
  define_batch_tokens(app, *o, "Answer");
  define_output(app, *o);
  define_force(app, *o);
  o->machine.define(app);
  app.footer(
      "Examples:\n  relatum suggest --adapter run --data new.jsonl --count 50 --out tasks.json\n"
      "  relatum suggest --adapter run --data brat:notes/ --count 20 --out for-brat\n"
      "The relations that are written are the model's answers but for the label that means no "
      "relation.\nLook through them, then train with the old sentences and the new ones, and "
      "suggest again.");
  return [o](Environment& environment) {
    o->machine.apply(environment);
    return jobs::suggest(*o, environment.host()) ? kDone : kInterrupted;
  };
}

}  // namespace

const Command& command_suggest() {
  static const Command command{"suggest", "Choose the texts whose labels would teach most", define};
  return command;
}

}  // namespace relatum::app
