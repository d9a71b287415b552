// relatum quantize: a model as a GGUF file in another number format.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/options.h"
#include "app/output.h"
#include "base/counted.h"
#include "base/stopwatch.h"
#include "io/json.h"
#include "jobs/quantize.h"
#include "jobs/quantize_plan.h"

namespace relatum::app {
namespace {

struct Options {
  MachineOptions machine;
  NamedModelOptions model;
  std::string format, out, compare;
  bool overwrite = false, json = false;
};

std::string comparison_text(const jobs::TextComparison& comparison) {
  std::string text = fmt::format(
      "\nperplexity  {:.3f} before, {:.3f} after, on {} in {}\n", comparison.before,
      comparison.after, counted(comparison.tokens, "token"), counted(comparison.rows, "row"));
  text += fmt::format("loss        {:+.4f} a token", comparison.change);
  text += comparison.error
              ? fmt::format(", standard error {:.4f}", *comparison.error)
              : fmt::format(" (the text is too short for a standard error, which takes {} rows)",
                            jobs::kRowsForError);
  return text + "\n";
}

nlohmann::json as_json(const jobs::TextComparison& comparison) {
  nlohmann::json error;
  if (comparison.error) error = *comparison.error;
  return {{"tokens", comparison.tokens},
          {"rows", comparison.rows},
          {"perplexity_before", comparison.before},
          {"perplexity_after", comparison.after},
          {"loss_change", comparison.change},
          {"loss_change_error", std::move(error)}};
}

void print_table(const jobs::QuantizeReport& report) {
  size_t width = 5;
  for (const auto& kind : report.kinds) width = std::max(width, kind.name.size());
  std::string text = fmt::format("{:<{}}  {:>7}  {:>10}  {:>10}  {:>8}  {}\n", "kind", width,
                                 "tensors", "before", "after", "error", "format");
  const auto megabytes = [](uint64_t bytes) {
    return fmt::format("{:.2f} MB", double(bytes) / 1e6);
  };
  for (const auto& kind : report.kinds) {
    text += fmt::format("{:<{}}  {:>7}  {:>10}  {:>10}  {:>7.3f}%  {}\n", kind.name, width,
                        kind.tensors, megabytes(kind.bytes_before), megabytes(kind.bytes),
                        100 * kind.error(), fmt::join(kind.formats, ", "));
  }
  text += fmt::format("{:<{}}  {:>7}  {:>10}  {:>10}\n", "all", width, "",
                      megabytes(report.bytes_before), megabytes(report.bytes));
  if (report.comparison) text += comparison_text(*report.comparison);
  write_out(text);
}

nlohmann::json as_json(const jobs::QuantizeReport& report) {
  nlohmann::json kinds = nlohmann::json::array();
  for (const auto& kind : report.kinds) {
    kinds.push_back({{"kind", kind.name},
                     {"tensors", kind.tensors},
                     {"formats", kind.formats},
                     {"bytes_before", kind.bytes_before},
                     {"bytes", kind.bytes},
                     {"error", kind.error()}});
  }
  nlohmann::json result{
      {"kinds", std::move(kinds)}, {"bytes_before", report.bytes_before}, {"bytes", report.bytes}};
  if (report.comparison) result["comparison"] = as_json(*report.comparison);
  return result;
}

int run(const Options& o, Environment& environment) {
  const Stopwatch watch;
  o.machine.apply(environment);
  const jobs::QuantizeOptions options{o.model.path(environment), o.format, o.out, o.overwrite,
                                      o.compare};
  const auto report = jobs::quantize(options, environment.host());
  environment.end_progress();
  if (!report) return kInterrupted;
  if (o.json) write_out(io::dump_json(as_json(*report), 2) + "\n");
  else print_table(*report);
  environment.context().info(
      fmt::format("written to {} in {}", o.out, duration_text(watch.seconds())));
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  o->model.define(app);
  app.add_option("--format", o->format,
                 fmt::format("Number format of the matrices: {}",
                             fmt::join(jobs::quantize_formats(), ", ")))
      ->required();
  app.add_option("--out", o->out, "The GGUF file")->required();
  app.add_option("--compare", o->compare,
                 "Plain text (UTF-8) on which the perplexity of both models is told");
  app.add_flag("--overwrite", o->overwrite, "Replace an existing file");
  app.add_flag("--json", o->json, "Sizes and errors as JSON");
  o->machine.define(app);
  app.footer(
      "Norms, other vectors and, with q4_0 and q4_k, the head are kept more exactly, as llama.cpp\n"
      "does. The error is the root mean square of what rounding changes, relative to the values'.\n"
      "Perplexity is exp of the mean loss of the text's tokens, each foretold from those before\n"
      "it in its row of 512, in f32. It compares files of one model on one text, nothing else.\n"
      "\n"
      "Example:\n"
      "  relatum quantize --model ./my-llama --format q4_k --out my-llama.q4_k.gguf \\\n"
      "    --compare text.txt");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_quantize() {
  static const Command command{"quantize", "Write a model as GGUF in another number format",
                               define};
  return command;
}

}  // namespace relatum::app
