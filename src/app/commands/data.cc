// relatum data: what a data set holds, and what is wrong with it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/command.h"
#include "app/data_help.h"
#include "app/options.h"
#include "base/error.h"
#include "base/printable.h"
#include "jobs/models_folder.h"
#include "task/data_summary.h"
#include "text/tokenizer.h"

namespace relatum::app {
namespace {

struct Options {
  std::string data, model, models, relabel;
  std::vector<std::string> against;
  bool json = false;
};

task::DataSummary summary_of(const std::string& text, const Options& o, const jobs::Host& host,
                             const text::Tokenizer* tokenizer) {
  const task::Spec spec = task::parse_spec(text);
  if (spec.path == "-") {
    fail("app.data", "a data set is read twice, and standard input can be read once. Name a file.");
  }
  task::LoadOptions options;
  options.skip_bad_rows = true;
  options.keep_unknown_labels = true;
  options.relabel = o.relabel;
  options.input = host.input;
  task::DataSummary summary;
  task::read_documents(spec, options, [&](task::Document&& document) { summary.add(document); });
  options.may_be_empty = true;  // documents may have no pair
  const task::Dataset data = task::read_dataset(spec, options, [&](task::Example&& example) {
    summary.add(example);
    if (tokenizer) summary.add_tokens(int64_t(tokenizer->encode(example.text).size()));
  });
  summary.finish(data, spec.format.empty());
  return summary;
}

int run(const Options& o, Environment& environment) {
  const jobs::Host& host = environment.host();
  std::unique_ptr<const text::Tokenizer> tokenizer;
  if (!o.model.empty()) {
    tokenizer = text::load_tokenizer(jobs::find_model(o.model, o.models, host));
  }
  task::DataSummary summary = summary_of(o.data, o, host, tokenizer.get());
  for (const std::string& other : o.against) {
    summary.compare(summary_of(other, o, host, nullptr), other);
  }
  if (o.json) fmt::print("{}\n", summary.json().dump(2));
  else fmt::print("{}", summary.text());
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("data", o->data, "FORMAT:PATH, or PATH where the format shows")->required();
  app.add_option("--against", o->against,
                 "Other splits: how many ids, documents and texts they share with this one");
  app.add_option("--model", o->model, "Count lengths in this model's tokens, too");
  app.add_option("--models", o->models, kModelsHelp);
  app.add_option("--relabel", o->relabel, "tacrev:PATCH or retacred:PATCH");
  app.add_flag("--json", o->json, "Print JSON instead of text");
  app.footer(data_help(true) +
             "\nExamples:\n  relatum data notes/                     # a folder of brat's files\n"
             "  relatum data train.jsonl --against test.jsonl --model smollm2-135m-instruct");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_data() {
  static const Command command{"data", "Show what a data set holds, and what is wrong with it",
                               define};
  return command;
}

}  // namespace relatum::app
