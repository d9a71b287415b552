// relatum bench: how fast a model runs on this machine.
#include <CLI/CLI.hpp>
#include <memory>

#include "app/bench_job.h"
#include "app/command.h"

namespace relatum::app {
namespace {

Action define(CLI::App& app) {
  const auto o = std::make_shared<BenchOptions>();
  define_model(app, o->model, true);
  app.add_option("--tokens", o->tokens, "Tokens processed at once")
      ->check(CLI::Range(1, 1 << 20))
      ->group("Work");
  app.add_option("--length", o->length, "Tokens per row")
      ->check(CLI::Range(8, 1 << 17))
      ->group("Work");
  app.add_option("--rank", o->rank, "Rank of the adapters")
      ->check(CLI::Range(1, 4096))
      ->group("Work");
  app.add_option("--decode", o->decode, "Tokens generated in one stream")
      ->check(CLI::Range(1, 1 << 17))
      ->group("Work");
  app.add_flag("--checkpoint", o->checkpoint, "Train as with finetune --checkpoint")->group("Work");
  app.add_flag("--skip-training", o->skip_training, "Measure only prefill and decoding")
      ->group("Work");
  app.add_option("--text", o->text,
                 "Text repeated to fill the rows (default: random tokens); "
                 "--json then shows the model's continuation")
      ->group("Work");
  app.add_option("--logits", o->logits,
                 "Write the logits behind the first row, a line of the vocabulary's width, to this "
                 ".npy file")
      ->group("Work");
  app.add_option("--rounds", o->rounds, "Number of rounds; the median is reported")
      ->check(CLI::Range(1, 1000))
      ->group("Work");
  app.add_flag("--json", o->json, "Print JSON instead of a table");
  app.add_flag("--overwrite", o->overwrite, "Replace an existing file of logits");
  o->machine.define(app);
  app.footer("Example:\n  relatum bench --model smollm2-135m-instruct --compute bf16");
  return [o](Environment& environment) { return bench(*o, environment); };
}

}  // namespace

const Command& command_bench() {
  static const Command command{"bench", "Measure how fast a model runs on this machine", define};
  return command;
}

}  // namespace relatum::app
