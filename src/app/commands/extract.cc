// relatum extract: names the relation in each sentence.
#include <CLI/CLI.hpp>
#include <memory>

#include "app/asking_options.h"
#include "app/command.h"
#include "app/options.h"
#include "app/stage_options.h"
#include "jobs/extract.h"

namespace relatum::app {
namespace {

using jobs::ExtractOptions;

struct Options : ExtractOptions {
  MachineOptions machine;
  std::vector<std::string> given;  // behind --adapter
};

void define_output(CLI::App& app, ExtractOptions& o) {
  app.add_option("--out", o.out, "File for the answers; -: standard output")->group("Output");
  app.add_option("--format", o.format,
                 "jsonl, csv, tsv, or triples (tab-separated head, relation, tail, probability and "
                 "id; r(e2,e1) becomes r from tail to head); default: by the ending of --out, "
                 "otherwise jsonl")
      ->check(CLI::IsMember({"jsonl", "csv", "tsv", "triples"}))
      ->group("Output");
  app.add_option("--min-probability", o.min_probability,
                 "Leave out answers with a lower probability (`evaluate` then needs --missing "
                 "wrong); of documents: entities that are found with a lower one")
      ->check(CLI::Range(0.0, 1.0))
      ->group("Output");
  app.add_option("--task", o.task,
                 "relations: of rows whose entities are marked; entities: found in documents; "
                 "joint: both in documents (default: what the run learned)")
      ->check(CLI::IsMember({"relations", "entities", "joint"}))
      ->group("Answer");
  app.add_option("--entities", o.entities,
                 "Run of `relatum finetune --task entities` that finds entities in documents; the "
                 "adapter is asked for their pairs")
      ->type_name("RUN")
      ->group("Answer");
  define_found_entities(app, o, "Answer");
  app.add_flag("--given-entities", o.given_entities,
               "Look for no entities: ask for the pairs of those that documents list")
      ->group("Answer");
  app.add_option("--threshold", o.threshold,
                 "Answer a relation only from this probability on, else the label that means no "
                 "relation: a number from 0 to 1, or dev for the run's own, chosen on its dev data "
                 "(default: the likeliest label)")
      ->option_text("P|dev")
      ->group("Answer");
  app.add_flag("--multi-label", o.multi_label,
               "Several labels for a pair: \"labels\" holds all with a probability from the "
               "threshold on (--threshold, otherwise the run's own)")
      ->group("Answer");
  app.add_flag("--no-calibration", o.no_calibration,
               "Give the model's own probabilities, without the run's temperature")
      ->group("Answer");
  app.add_option("--calibration", o.calibration,
                 "calibration.json of the run that the model was made of by `merge`, `export` or "
                 "`quantize` (default: the one beside the adapter)")
      ->group("Answer");
  app.add_flag("--skip-negative", o.skip_negative,
               "Leave out answers with the label that means no relation")
      ->group("Output");
  define_asked_negative(app, o, "Output");
  app.add_flag("--resume", o.resume, "Go on with an output that was interrupted or killed")
      ->group("Output");
  app.add_flag("--overwrite", o.overwrite, "Replace an existing file")->group("Output");
  app.add_flag("--scores", o.scores, "Write every label's probability (jsonl only)")
      ->group("Output");
}

void define_adapters(CLI::App& app, Options& o) {
  app.add_option("--adapter", o.given,
                 "Run folder of `relatum finetune`, which also records its model, style and index; "
                 "or a PEFT adapter. Several, as NAME=RUN each: the key or column 'adapter' of a "
                 "row names its own")
      ->type_name("[NAME=]RUN")
      ->take_all()
      ->allow_extra_args(false)
      ->default_str("")
      ->group("Model");
}

void define_types(CLI::App& app, Options& o) {
  app.add_flag("--constrain-types", o.constrain_types,
               "Answer only with labels that training rows of the same entity types had; rows "
               "without types, or with types that training did not see, may get any")
      ->group("Answer");
  app.add_option("--types", o.types,
                 "The same by this file: {\"pairs\":[{\"head\":\"PER\",\"tail\":\"ORG\","
                 "\"labels\":[\"works_for\"]}]}")
      ->group("Answer");
}

std::shared_ptr<Options> define_all(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  define_asked_model(app, *o);
  define_adapters(app, *o);
  define_prompts(app, *o);
  app.add_option("--data", o->input,
                 "Sentences: FORMAT:PATH, or - for JSON lines from standard input")
      ->required()
      ->group("Data");
  define_data(app, o->data);
  app.add_option("--answer", o->answer,
                 "scored: all labels' exact probabilities; shares: probabilities of decoding "
                 "restricted to the labels, which is cheaper; constrained: greedy decoding "
                 "restricted to the labels; free: unrestricted text, parsed afterwards")
      ->check(CLI::IsMember({"scored", "shares", "constrained", "free"}))
      ->group("Answer");
  define_output(app, *o);
  define_types(app, *o);
  define_negligible(app, *o, "Answer");
  app.add_option("--max-new-tokens", o->max_new_tokens, "Maximum tokens in a free answer")
      ->check(CLI::PositiveNumber)
      ->group("Answer");
  define_batch_tokens(app, *o, "Answer");
  define_force(app, *o);
  o->machine.define(app);
  app.footer(
      "Examples:\n  relatum extract --adapter run --data test.jsonl --out answers.jsonl\n"
      "  relatum extract --adapter run --data new.csv --out triples.tsv --format triples "
      "--skip-negative --min-probability 0.8\n"
      "  echo '{\"text\": \"<e1>Mira Holm</e1> started <e2>Pixelwerk</e2>.\"}' | relatum "
      "extract --adapter run --data -\n"
      "  relatum extract --adapter run --entities names-run --data documents.jsonl\n"
      "  relatum extract --adapter family=runs/family --adapter work=runs/work --data mixed.jsonl\n"
      "An unfinished FILE grows as FILE.part; after Ctrl-C or a crash, --resume goes on "
      "with it, and\nthe result is byte for byte that of one run. Sentences on standard "
      "input are answered as they\ncome.");
  return o;
}

Action define(CLI::App& app) {
  const auto o = define_all(app);
  return [o](Environment& environment) {
    o->machine.apply(environment);
    jobs::choose_adapters(o->given, *o);
    return jobs::extract(*o, environment.host()).finished ? kDone : kInterrupted;
  };
}

}  // namespace

jobs::ExtractOptions extract_options(const std::vector<std::string>& arguments) {
  CLI::App app;
  const auto o = define_all(app);
  parse_arguments(app, arguments);
  if (o->given.size() > 1) o->given.erase(o->given.begin(), o->given.end() - 1);  // the last counts
  jobs::choose_adapters(o->given, *o);
  return *o;
}

const Command& command_extract() {
  static const Command command{"extract", "Name the relation in each sentence", define};
  return command;
}

}  // namespace relatum::app
