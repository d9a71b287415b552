// Data, labels, neighbours, prompts and their lengths.
#include "app/extract_data.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/error.h"
#include "task/pipeline.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;

// An answer needs no gold label, so one that cannot be answered is no reason to stop.
void take_unknown_labels_away(task::Dataset& data, const task::Labels& known,
                              const std::string& who, const Context& context) {
  int64_t count = 0;
  std::string first;
  for (task::Example& example : data.examples) {
    if (!example.label || known.find(*example.label)) continue;
    if (++count == 1) first = *example.label;
    example.label.reset();
  }
  if (!count) return;
  const size_t examples = data.examples.size();
  const std::string rows = examples == 1 ? "The only example has"
                                         : fmt::format("{} of {} examples {}", count, examples,
                                                       count == 1 ? "has" : "have");
  context.warn(fmt::format("{} a label that {} cannot answer{} '{}'. No gold label is needed here; "
                           "`relatum evaluate` counts such rows as wrong.", rows, who,
                           count == 1 ? ":" : ", such as", first));
}

Retrieved find_neighbours(const ExtractOptions& o, const ExtractSetup& setup,
                          const task::Dataset& data, std::string& hash,
                          Environment& environment) {
  Retrieval retrieval(setup.index, setup.embedder, setup.models, environment);
  hash = retrieval.hash();
  if (setup.run && !setup.run->index_hash.empty() && setup.run->index_hash != hash) {
    tell_mismatch(o, environment, "an index whose hash is", setup.run->index_hash.substr(0, 12),
                  hash.substr(0, 12));
  }
  Retrieved found = retrieval.find(data.examples, setup.neighbours, QueryKind::kTest,
                                   environment.context());
  if (found.overlap) {
    environment.context().info(fmt::format(
        "{} of {} sentences have their own text as nearest neighbour in the index.",
        found.overlap, data.examples.size()));
  }
  return found;
}

}  // namespace

task::Dataset load_extract_data(const ExtractOptions& o, const ExtractSetup& setup,
                                Environment& environment) {
  DataOptions options = o.data;
  options.keep_unknown_labels = true;
  const bool from_run = options.labels.empty() && setup.labels;
  if (from_run) options.labels = (fs::path(o.adapter) / "labels.json").string();
  task::Dataset data = options.load(o.input, true, environment);
  if (!data.open_labels) {
    take_unknown_labels_away(data, data.labels, from_run ? "the adapter" : "the inventory",
                             environment.context());
  } else if (!setup.index.empty()) {
    take_unknown_labels_away(data, task::load_labels(fs::path(setup.index) / "labels.json"),
                             "the index's inventory", environment.context());
  }
  // A run's inventory, or a part of it, may well lack labels that stand in an index.
  if (!setup.index.empty() && !setup.labels) settle_labels(data, setup.index);
  if (data.labels.empty()) {
    fail("app.extract", fmt::format("{}: no label is known to choose from. Give --labels, a "
                                    "JSON list, or an --index.", data.name));
  }
  return data;
}

ExtractPrompts make_extract_prompts(const ExtractOptions& o, const ExtractSetup& setup,
                                    const task::Dataset& data,
                                    const task::PromptRenderer& renderer,
                                    const engine::Session& session, Environment& environment) {
  ExtractPrompts made;
  if (!setup.index.empty()) {
    made.neighbours = find_neighbours(o, setup, data, made.index_hash, environment);
  }
  const int64_t context = session.model().info().context;
  const int64_t answer =
      o.answer == "free" ? o.max_new_tokens : task::longest_answer(session, renderer);
  std::string first;
  for (size_t i = 0; i < data.examples.size(); ++i) {
    std::vector<const task::Example*> nearest;
    if (!made.neighbours.examples.empty()) {
      for (const task::Example& each : made.neighbours.examples[i]) nearest.push_back(&each);
    }
    task::Prompt prompt = renderer.render(data.examples[i], nearest);
    const auto tokens = int64_t(task::prompt_row(session, prompt, setup.chat).size()) + answer;
    if (tokens <= context) {
      made.prompts.push_back(std::move(prompt));
      made.rows.push_back(i);
      continue;
    }
    const task::Example& example = data.examples[i];
    const std::string what = fmt::format("{}:{}: example '{}' takes {} tokens with its prompt and "
                                         "answer, the model's context is {}", data.file,
                                         example.line, example.id, tokens, context);
    if (!o.data.skip_bad_rows) {
      fail("app.extract", what + ". Use a shorter prompt style, or --skip-bad-rows, which answers "
                                 "such rows with null.");
    }
    if (++made.too_long == 1) first = what;
  }
  if (made.too_long) {
    environment.context().warn(
        made.too_long == 1
            ? first + ". This row is too long and gets null as its answer."
            : fmt::format("{}. {} rows are too long and get null as their answers.", first,
                          made.too_long));
  }
  return made;
}

}  // namespace relatum::app
