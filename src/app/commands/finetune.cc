// relatum finetune: teaches a model the relations of a corpus.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>

#include "app/command.h"
#include "app/next_command.h"
#include "app/options.h"
#include "app/resume_arguments.h"
#include "app/stage_options.h"
#include "app/start_options.h"
#include "app/usage_text.h"
#include "base/error.h"
#include "base/printable.h"
#include "jobs/finetune.h"
#include "jobs/finetune_folds.h"
#include "jobs/finetune_method.h"
#include "jobs/finetune_started.h"
#include "jobs/style_choice.h"
#include "task/forms.h"
#include "task/label_list.h"

namespace relatum::app {
namespace {

using jobs::FinetuneOptions;

struct Options : FinetuneOptions {
  MachineOptions machine;
};

// Makes a number of bytes of "2GB". The library reads a sign and too many digits as other numbers.
std::string memory_size(std::string& text) {
  constexpr uint64_t kMost = 1'000'000'000'000'000;
  const std::string given = text;
  const bool digit = !given.empty() && given[0] >= '0' && given[0] <= '9';
  try {
    if (digit && CLI::AsSizeValue(true)(text).empty() && std::stoull(text) <= kMost) return "";
  } catch (const std::exception&) {  // more digits than any number has
  }
  return "'" + given + "' is no size of memory: expected a whole number and a unit, such as 2GB";
}

void define_examples(CLI::App& app, FinetuneOptions& o) {
  app.add_option(
         "--train", o.train,
         "Training data: FORMAT:PATH, e.g. semeval2010:TRAIN_FILE.TXT (needed, but with --resume; "
         "`relatum data --help` lists the formats)")
      ->group("Data");
  app.add_option("--dev", o.dev, "Dev data; the adapter with the best F1 on it is kept")
      ->group("Data");
  app.add_option("--holdout", o.holdout,
                 "Hold out N training examples as dev data, of each label its share")
      ->check(CLI::NonNegativeNumber)
      ->group("Data");
  app.add_option("--negative", o.negative,
                 "The label that means no relation, for scores and --negatives (default: "
                 "no_relation or Other)")
      ->transform(task::seen_form)
      ->group("Data");
  define_data(app, o.data);
  app.add_option("--task", o.task,
                 "relations: the relation between two marked entities; entities: to find the "
                 "entities of a text, from documents in which all are marked; joint: both, with "
                 "one model")
      ->check(CLI::IsMember({"relations", "entities", "joint"}))
      ->group("Data");
  app.add_option("--pairs", o.pairs,
                 "Which pairs of documents' entities are learned. documents: those that relations "
                 "name, with the document's text, and of ?negative= all others; sentences: those "
                 "of each sentence, with its text, as `graph` and `extract --entities` ask them, "
                 "those without a relation, too (--task joint always does so)")
      ->check(CLI::IsMember({"documents", "sentences"}))
      ->group("Data");
  app.add_flag("--multi-label", o.multi_label,
               "Learn all labels of a pair that has several, each as a row of its own (default: "
               "the first alone)")
      ->group("Data");
}

void define_prompt(CLI::App& app, FinetuneOptions& o) {
  app.add_option("--prompt", o.prompt,
                 fmt::format("{} (default: {}, for an encoder-decoder {})", prompt_help(),
                             jobs::kDecoderStyle, jobs::kEncoderDecoderStyle))
      ->group("Prompt");
  app.add_option("--label-list", o.label_list,
                 "What training prompts list as labels, where the style lists them. full: all, as "
                 "in answering; shuffled: all in random order; sampled: some, the right one among "
                 "them; drawn for each row by its id and text and by --seed, so that the model "
                 "learns to read the list (dev prompts list all)")
      ->check(CLI::IsMember({task::kFullList, task::kShuffledList, task::kSampledList}))
      ->group("Prompt");
  app.add_option("--index", o.index,
                 "Index folder; each prompt then includes the most similar "
                 "example")
      ->group("Prompt");
  app.add_option("--neighbours", o.neighbours, "Retrieved examples per prompt")
      ->check(CLI::PositiveNumber)
      ->group("Prompt")
      ->each([&o](const std::string&) { o.neighbours_given = true; });
  app.add_option("--examples", o.examples, examples_help("--seed"))
      ->check(CLI::IsMember({jobs::kNearestExamples, jobs::kRandomExamples}))
      ->group("Prompt")
      ->each([&o](const std::string&) { o.examples_given = true; });
  app.add_option("--embedder", o.embedder, "Embedder, if not the one named in the index")
      ->group("Prompt");
  app.add_flag("--chat", o.chat, "Wrap prompts in the model's chat template")->group("Prompt");
}

void define_adapter(CLI::App& app, FinetuneOptions& o) {
  app.add_option(
         "--method", o.method,
         "qlora: trains low-rank pairs on a frozen base that is quantised (--base nf4, or keep "
         "for a quantised file); lora: the same on one that is not (--base bf16 or f32; bf16 if "
         "none is named), and what an unnamed method is with such a --base; full: trains all "
         "weights of the base, in f32, without its dropout, and writes a model to RUN/model")
      ->check(CLI::IsMember({"qlora", "lora", "full"}))
      ->group("Adapter")
      ->each([&o](const std::string&) { o.method_given = true; });
  const auto adapter = [&o](CLI::Option* option, const char* flag) {
    option->group("Adapter")->each(
        [&o, flag](const std::string&) { o.adapter_flags.emplace_back(flag); });
  };
  adapter(app.add_option("--rank", o.adapter.rank, "Rank of the low-rank pairs"), "--rank");
  adapter(app.add_option("--alpha", o.adapter.alpha,
                         "Scale: the pairs' output is multiplied by alpha / rank"),
          "--alpha");
  adapter(app.add_option("--dropout", o.adapter.dropout, "Dropout applied to the pairs' input"),
          "--dropout");
  adapter(app.add_option("--targets", o.targets,
                         "Linear layers to adapt, e.g. q_proj,v_proj, or all-linear"),
          "--targets");
  adapter(
      app.add_flag("--rslora", o.adapter.rank_stabilised, "Scale by alpha / sqrt(rank) instead"),
      "--rslora");
  adapter(app.add_flag("--dora", o.adapter.magnitudes,
                       "Train the magnitudes of adapted weights apart from their direction (DoRA)"),
          "--dora");
  adapter(app.add_option("--lora-plus", o.training.lora_plus,
                         "LoRA+: learning rate of B (and of DoRA's magnitudes) over that of A")
              ->check(CLI::PositiveNumber),
          "--lora-plus");
  adapter(app.add_option("--init", o.init,
                         "Where the pairs begin. default: A random, B zero; pissa: at the base's "
                         "principal part, which the base then lacks; loftq: at what rounding the "
                         "base to nf4 took from it")
              ->check(CLI::IsMember({"default", "pissa", "loftq"})),
          "--init");
  adapter(app.add_option("--save-modules", o.save_modules,
                         "Modules trained whole beside the pairs: lm_head, embed_tokens or both"),
          "--save-modules");
  adapter(app.add_flag("--ensure-weight-tying", o.adapter.tie_saved,
                       "Where head and embedding are one in the base, train them as one"),
          "--ensure-weight-tying");
}

void define_classifier(CLI::App& app, FinetuneOptions& o) {
  app.add_option(
         "--head", o.head,
         "lm: a language model learns to answer in words; classifier: a linear layer over the "
         "states of two markers, at the entities, of an encoder (whose weights are all trained if "
         "no --method is named) or of a decoder; it answers with the training data's labels alone. "
         "With --task joint it reads all pairs of a sentence from one pass over it, and an encoder "
         "always does")
      ->check(CLI::IsMember({"lm", "classifier"}))
      ->group("Classifier");
  const auto add = [&](const char* flag, auto& value, const char* text) {
    return app.add_option(flag, value, text)
        ->group("Classifier")
        ->each([&o, flag](const std::string&) { o.head_flags.emplace_back(flag); });
  };
  add("--head-lr", o.head_learning_rate, "Peak learning rate of the classifier's own numbers")
      ->default_str(fmt::format("{}", train::kHeadRate))
      ->check(CLI::PositiveNumber);
  add("--head-dropout", o.head_dropout, "Dropout applied to the states that it reads");
  add("--hidden-dropout", o.hidden_dropout,
      "An encoder's own dropout, behind its embeddings and what attention and MLP add (that of "
      "attention's weights is not applied)");
}

void define_training(CLI::App& app, FinetuneOptions& o) {
  train::TrainOptions& t = o.training;
  const auto add = [&](const char* flag, auto& value, const char* text) {
    return app.add_option(flag, value, text)->group("Training");
  };
  add("--epochs", t.epochs, "Passes over the data")->check(CLI::PositiveNumber);
  const std::string rate = fmt::format(
      "Peak learning rate of AdamW; if none is given, with --method full {} (larger models "
      "usually want less), {} below a classifier, and with --lora-plus R {} / sqrt(R)",
      train::kFullRate, train::kEncoderRate, train::kAdapterRate);
  add("--lr", o.learning_rate, rate.c_str())
      ->default_str(fmt::format("{}", train::kAdapterRate))
      ->check(CLI::PositiveNumber);
  add("--schedule", o.schedule, "cosine, linear or constant")
      ->check(CLI::IsMember({"cosine", "linear", "constant"}));
  add("--warmup", t.warmup, "Fraction of steps over which the learning rate rises")
      ->check(CLI::Range(0.0, 1.0));
  add("--weight-decay", t.weight_decay, "Decoupled weight decay")->check(CLI::NonNegativeNumber);
  add("--clip", t.clip, "Clip the gradient's norm to this value; 0: no clipping")
      ->check(CLI::NonNegativeNumber);
  add("--batch-tokens", o.batch_tokens,
      "Tokens per optimiser step, what all rows begin with left out; 0: chosen from the data, so "
      "that an epoch has about a hundred steps, each of a row or more and of at most 512 tokens")
      ->check(CLI::NonNegativeNumber);
  add("--micro-tokens", o.micro_tokens,
      "Tokens processed at once, which determines memory use; 0: the whole step (default: 2,048, "
      "in f32 1,024)")
      ->check(CLI::NonNegativeNumber);
  add("--seed", t.seed, "Random seed")->check(CLI::Range(uint64_t{0}, uint64_t{UINT32_MAX}));
  add("--eval-every", t.eval_every, "Steps between dev evaluations; 0: each epoch")
      ->check(CLI::NonNegativeNumber);
  add("--save-every", t.save_every,
      "Steps between saved states; 0: each epoch, those of more than 64 MiB at most every 30 s")
      ->check(CLI::NonNegativeNumber);
  add("--patience", t.patience,
      "Evaluations without improvement before training stops early; 0: never")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--checkpoint", t.checkpoint,
               "Recompute layers in the backward pass: uses less memory, takes a third more time")
      ->group("Training");
  app.add_option("--memory", o.memory,
                 "Memory limit, e.g. 2GB; layers are recomputed and fewer tokens processed at once "
                 "if needed")
      ->transform(CLI::Validator(memory_size, "SIZE"))
      ->group("Training");
  app.add_flag("--no-share", o.no_share, "Recompute shared prompt beginnings for each row")
      ->group("Training");
}

// What may only be left out where a run, or an adapter's run, knows it.
void require_inputs(const FinetuneOptions& o) {
  const bool model = !o.model.model.empty() || !o.init_adapter.empty();
  if (!o.resume && !model) throw CLI::RequiredError("--model");
  if (!o.resume && o.train.empty()) throw CLI::RequiredError("--train");
  if (o.out.empty()) throw CLI::RequiredError("--out");
}

std::shared_ptr<Options> define_all(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  define_model(app, o->model, false);
  app.get_option("--model")->required(false)->description(
      "A name from `relatum models`, a GGUF file, or a Hugging Face folder (needed, but with "
      "--resume or the --init-adapter of a run)");
  define_examples(app, *o);
  define_prompt(app, *o);
  define_balance(app, *o);
  define_adapter(app, *o);
  define_classifier(app, *o);
  define_start(app, *o);
  define_training(app, *o);
  app.add_option("--out", o->out, "Folder for the run (always needed)")->group("Run");
  app.add_flag("--resume", o->resume, "Continue a stopped run; it knows all other options")
      ->group("Run");
  app.add_flag("--overwrite", o->overwrite, "Replace an existing run")->group("Run");
  app.add_flag("--force", o->force,
               "The same as --overwrite; with --init-adapter also: though the adapter was trained "
               "on another base (run.json then says so)")
      ->group("Run");
  o->machine.define(app);
  app.parse_complete_callback([&app, o] {
    o->overwrite = o->overwrite || o->force;
    o->words = given_words(app);
    require_inputs(*o);
  });
  app.footer(
      "Examples:\n  relatum finetune --model smollm2-135m-instruct "
      "--train semeval2010:TRAIN_FILE.TXT --holdout 800 --epochs 2 --out run\n"
      "  relatum finetune --model smollm2-135m-instruct --task joint --train documents.jsonl "
      "--epochs 8 --out both\n"
      "Ctrl-C saves the state; `relatum finetune --resume --out run` continues from it. The result "
      "is\nbit for bit that of an uninterrupted run. Options beside --resume have to be the run's "
      "own, but\nfor --threads, --isa, --memory and --save-every, which may be others.");
  return o;
}

// `now` as it was given, or where it goes on with a run, as that was started.
std::shared_ptr<Options> settled(const std::shared_ptr<Options>& now, const jobs::Host& host) {
  const bool again = now->resume && !now->overwrite && jobs::begun_without_state(now->out);
  if (!again) jobs::check_resume(*now);
  if (!now->resume) return now;
  const ResumedCommand command = resumed_command(*now, host);
  CLI::App app;
  const auto o = define_all(app);
  try {
    parse_arguments(app, command.arguments);
  } catch (const CLI::ParseError& error) {
    fail("app.resume", fmt::format("{} cannot be resumed: the options in its record are not "
                                   "those of this version ({}). Give the whole command, or start "
                                   "over with --overwrite.",
                                   now->out, usage_text(error.what())));
  }
  o->words = command.words;
  o->directory = command.directory;
  o->force = command.force;
  o->machine.quiet = now->machine.quiet;
  if (!again) return o;
  host.context.info("no state was saved yet: the run begins again.");
  o->resume = false;
  o->overwrite = true;
  return o;
}

Action define(CLI::App& app) {
  const auto given = define_all(app);
  return [given](Environment& environment) {
    const auto o = settled(given, environment.host());
    o->machine.apply(environment);
    if (o->folds > 0) {
      const jobs::FoldsResult result = jobs::finetune_folds(*o, environment.host());
      if (!result.finished) return kInterrupted;
      fmt::print("{}", printable_lines(jobs::folds_text(result)));
      environment.context().info("next: " + evaluate_command(*o));
      return kDone;
    }
    if (!jobs::finetune(*o, environment.host()).finished) return kInterrupted;
    environment.context().info("next: " + extract_command(*o));
    const std::string graph = graph_command(*o);
    if (!graph.empty()) environment.context().info("or:   " + graph);
    return kDone;
  };
}

}  // namespace

jobs::FinetuneOptions finetune_options(const std::vector<std::string>& arguments) {
  CLI::App app;
  const auto o = define_all(app);
  parse_arguments(app, arguments);
  return *o;
}

const Command& command_finetune() {
  static const Command command{"finetune", "Teach a model the relations of a corpus", define};
  return command;
}

}  // namespace relatum::app
