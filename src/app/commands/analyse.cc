// relatum analyse: where a system fails, and which labels are doubtful.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"
#include "app/options.h"
#include "app/output.h"
#include "app/score_options.h"
#include "base/printable.h"
#include "jobs/analyse.h"
#include "jobs/without_effect.h"

namespace relatum::app {
namespace {

struct Options : jobs::AnalyseOptions {
  MachineOptions machine;
  bool json = false, label_noise = false;
  int64_t top = 50;
};

/// What each of the two kinds of work does not look at.
void tell_without_effect(const Options& o, const Context& context) {
  static const Options usual{};
  std::vector<std::string> flags;
  if (o.label_noise) {
    if (!o.train.empty()) flags.emplace_back("--train");
    if (o.negative) flags.emplace_back("--negative");
    if (o.sentences != usual.sentences) flags.emplace_back("--sentences");
    if (flags.empty()) return;
    context.warn(fmt::format("{} {} no effect with --label-noise.", jobs::and_list(flags),
                             flags.size() == 1 ? "has" : "have"));
    return;
  }
  if (o.neighbours != usual.neighbours) flags.emplace_back("--neighbours");
  if (o.top != usual.top) flags.emplace_back("--top");
  jobs::warn_without_effect(flags, "--label-noise", context);
  if (o.index.empty() && !o.embedder.empty()) {
    jobs::warn_without_effect({"--embedder"}, "--index", context);
  }
}

int run(const Options& o, Environment& environment) {
  o.machine.apply(environment);
  tell_without_effect(o, environment.context());
  std::string text;
  if (o.label_noise) {
    const auto rows = jobs::find_label_noise(o, environment.host());
    text = o.json ? task::noise_json(rows, size_t(o.top))
                  : printable_lines(task::noise_text(o.input, rows, size_t(o.top)));
  } else {
    const task::Analysis analysis = jobs::analyse(o, environment.host());
    for (const std::string& warning : analysis.warnings) environment.context().warn(warning);
    text = o.json ? task::to_json(analysis) : printable_lines(task::to_text(analysis));
  }
  write_out(text + "\n");
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("--data", o->input, "Gold data: FORMAT:PATH")->required()->group("Data");
  app.add_option("--predictions", o->predictions, "Answers to these data, as `evaluate` takes them")
      ->required()
      ->group("Data");
  define_data(app, o->data);
  app.add_option("--train", o->train,
                 "Labelled sentences that cue words are counted in, for explicit and implicit "
                 "relations (default: the index's, otherwise the data themselves)")
      ->group("Data");
  app.add_option("--index", o->index,
                 "Index folder: labels of the retrieved examples; where the predictions name none, "
                 "the nearest are looked up")
      ->group("Data");
  app.add_option("--embedder", o->embedder, "Embedder, if not the one named in the index")
      ->group("Data");
  app.add_option("--models", o->models, kModelsHelp)->group("Data");
  define_negative(app, "Analysis", o->negative);
  define_missing(app, "Analysis", o->missing_is_wrong);
  app.add_option("--sentences", o->sentences, "Wrong answers shown of each group")
      ->check(CLI::Range(int64_t{0}, int64_t{1000}))
      ->group("Analysis");
  app.add_flag("--label-noise", o->label_noise,
               "Instead: rows on whose label neighbours and model disagree, the most doubtful "
               "first. The answers have to come from models that did not see the row: "
               "predictions.jsonl of `finetune --folds`")
      ->group("Label noise");
  app.add_option("--neighbours", o->neighbours, "Neighbours that are asked")
      ->check(CLI::Range(int64_t{1}, int64_t{1000}))
      ->group("Label noise");
  app.add_option("--top", o->top, "Rows shown")->check(CLI::PositiveNumber)->group("Label noise");
  app.add_flag("--json", o->json, "Print JSON instead of tables")->group("Output");
  o->machine.define(app);
  app.footer(
      "Examples:\n  relatum analyse --data test.jsonl --predictions answers.jsonl --index idx\n"
      "  relatum analyse --data train.jsonl --predictions folds/predictions.jsonl --index idx "
      "--label-noise");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_analyse() {
  static const Command command{"analyse", "Sort a system's mistakes, or find doubtful labels",
                               define};
  return command;
}

}  // namespace relatum::app
