// relatum merge: a base and an adapter as one model.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/next_command.h"
#include "app/options.h"
#include "app/output.h"
#include "base/counted.h"
#include "base/stopwatch.h"
#include "io/json.h"
#include "jobs/merge.h"
#include "jobs/without_effect.h"

namespace relatum::app {
namespace {

struct Options : jobs::MergeOptions {
  MachineOptions machine;
  std::string out_text;
  std::vector<std::string> of_comparison;  // flags that were given
  bool json = false;
};

std::string megabytes(uint64_t bytes) { return fmt::format("{:.2f} MB", double(bytes) / 1e6); }

std::string report_text(const jobs::MergeReport& report) {
  std::string text = fmt::format("merged       {}, added to the base in {}\n",
                                 counted(report.adapted, "linear"), report.base);
  if (!report.modules.empty()) {
    text += fmt::format("replaced     {} by the adapter's own{}\n",
                        fmt::join(report.modules, " and "),
                        report.parts_head ? ", so head and embedding are no longer one" : "");
  }
  text += fmt::format("tensors      {} before, {} after\n", megabytes(report.bytes_before),
                      megabytes(report.bytes));
  if (!report.comparison) return text;
  const jobs::AnswerComparison& c = *report.comparison;
  text += fmt::format("compared     {} labels for {}, in the adapter's base and in the result\n",
                      c.labels, counted(c.examples, "sentence"));
  text += fmt::format("probability  differs by {:.2g} at most ({} of {}), by {:.2g} in the mean\n",
                      c.largest, c.largest_label, c.largest_id, c.mean);
  text += fmt::format("answers      {} of {} changed\n", c.other_answers, c.examples);
  if (c.f1_before && c.f1_after) {
    text += fmt::format("F1           {:.2f} before, {:.2f} after ({})\n", 100 * *c.f1_before,
                        100 * *c.f1_after, c.official);
  } else {
    text += "F1           not told: sentences without a label\n";
  }
  return text;
}

nlohmann::json as_json(const jobs::AnswerComparison& c) {
  const auto number = [](const std::optional<double>& value) {
    return value ? nlohmann::json(*value) : nlohmann::json();
  };
  return {{"examples", c.examples},           {"labels", c.labels},
          {"largest_difference", c.largest},  {"largest_id", c.largest_id},
          {"largest_label", c.largest_label}, {"mean_difference", c.mean},
          {"other_answers", c.other_answers}, {"official", c.official},
          {"f1_before", number(c.f1_before)}, {"f1_after", number(c.f1_after)}};
}

nlohmann::json as_json(const jobs::MergeReport& report, const std::string& command) {
  nlohmann::json result{{"linears", report.adapted},       {"base", report.base},
                        {"format", report.format},         {"modules", report.modules},
                        {"parts_head", report.parts_head}, {"bytes_before", report.bytes_before},
                        {"bytes", report.bytes},           {"extract", command}};
  if (report.comparison) result["comparison"] = as_json(*report.comparison);
  return result;
}

int run(Options& o, Environment& environment) {
  const Stopwatch watch;
  o.machine.apply(environment);
  o.out = o.out_text;
  if (o.use.input.empty()) {
    jobs::warn_without_effect(o.of_comparison, "--data", environment.context());
  }
  const auto report = jobs::merge(o, environment.host());
  environment.end_progress();
  if (!report) return kInterrupted;
  const std::string command = extract_command(o.out_text, report->use);
  if (o.json) write_out(io::dump_json(as_json(*report, command), 2) + "\n");
  else write_out(report_text(*report));
  const Context& context = environment.context();
  warn_of_other_words(report->use, context);
  context.info(fmt::format("written to {} in {}", o.out_text, duration_text(watch.seconds())));
  context.info("next, to ask it as the adapter was asked: " + command);
  return kDone;
}

void define_comparison(CLI::App& app, jobs::ExtractOptions& use) {
  app.add_option("--data", use.input,
                 "Sentences, FORMAT:PATH, on which the answers before and after are compared")
      ->group("Comparison");
  define_data(app, use.data);
  app.add_option("--prompt", use.prompt, "Prompt style, or a template file (default: the run's)")
      ->group("Comparison");
  app.add_option("--index", use.index, "Index folder (default: the run's)")->group("Comparison");
  app.add_flag("--no-index", use.no_index, "Ignore the run's index")->group("Comparison");
  app.add_flag("--chat", use.chat, "Wrap prompts in the model's chat template")
      ->group("Comparison");
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  define_model(app, o->use.model, false);
  app.get_option("--model")->required(false)->description(
      "A name from `relatum models`, a GGUF file, or a Hugging Face folder (default: the run's)");
  app.get_option("--base")->description(
      "Form of the base's weights that the adapter is added to: auto is the one that it was "
      "trained on (keep where there is no run's record); keep is what the file holds");
  app.get_option("--compute")
      ->description("Number format for the comparison's matrix products; auto: f32");
  app.add_option("--adapter", o->use.adapter, "Run folder of `relatum finetune`, or a PEFT adapter")
      ->required()
      ->group("Model");
  app.add_flag("--no-calibration", o->use.no_calibration,
               "Compare the model's own probabilities, and leave the run's calibration.json behind")
      ->group("Model");
  app.add_flag("--force", o->use.force, "Merge into another base than the run was trained on")
      ->group("Model");
  app.add_option("--format", o->format,
                 fmt::format("{}; safetensors: each tensor's type in the base (default for a "
                             "folder). Default for a GGUF file: each tensor's own in a GGUF base, "
                             "else bf16 or f16",
                             fmt::join(jobs::merge_formats(), ", ")));
  app.add_option("--out", o->out_text, "A GGUF file (ends in .gguf), or a folder")->required();
  app.add_flag("--overwrite", o->overwrite, "Replace an earlier result");
  app.add_flag("--json", o->json, "The report as JSON");
  define_comparison(app, o->use);
  o->machine.define(app);
  app.parse_complete_callback([&app, o] {
    for (const char* flag : {"--relabel", "--labels", "--limit", "--skip-bad-rows", "--prompt",
                             "--index", "--no-index", "--chat", "--compute", "--low-memory"}) {
      if (app.get_option(flag)->count() > 0) o->of_comparison.emplace_back(flag);
    }
  });
  app.footer(
      "The adapter is added in f32 and the sum rounded once, to --format. With --data it is told\n"
      "what that costs: all labels' probabilities of the adapter on its base, and of the result.\n"
      "The result knows nothing of labels and prompts; the last line names the `extract` command\n"
      "that asks it like the adapter, as sure as the run was calibrated to be. A folder, which\n"
      "takes a folder as base, gets the run's labels, template and calibration, too.\n"
      "\n"
      "Examples:\n"
      "  relatum merge --adapter run --format q4_k --out merged.gguf --data test.jsonl\n"
      "  relatum merge --adapter run --out merged");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_merge() {
  static const Command command{"merge", "Write a base model and an adapter as one model", define};
  return command;
}

}  // namespace relatum::app
