// Read from the files beside the adapter.
#include "jobs/run_use.h"

#include <fmt/format.h>

#include <map>

#include "task/answer_words.h"
#include "task/labels.h"
#include "task/prompt.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

// A file's order says nothing.
std::map<std::string, std::string> by_label(const task::AnswerWords& words) {
  return {words.begin(), words.end()};
}

std::string index_in_use(const fs::path& folder, const RunInfo& run, const Context& context) {
  if (run.index.empty()) return "";
  const FoundIndex found = find_index(folder, run);
  if (!found.path.empty()) return found.path.string();
  context.warn(fmt::format("the adapter was trained with retrieved examples, but their index {}.",
                           found.missing));
  return run.index;
}

}  // namespace

RunUse use_of_run(const ExtractOptions& options, const ExtractSetup& setup, const fs::path& kept,
                  const Context& context) {
  RunUse use;
  const fs::path run(options.adapter);
  const auto has = [&](const char* name) { return fs::is_regular_file(run / name); };
  if (has("labels.json")) use.labels = (kept / "labels.json").string();
  if (setup.calibration) use.calibration = calibration_file(kept).string();
  if (!setup.run) return use;
  use.chat = setup.run->chat;
  use.index = index_in_use(run, *setup.run, context);
  use.examples = example_choice(setup.run->neighbours, setup.run->examples, setup.run->seed);
  use.prompt = has("prompt.txt") ? (kept / "prompt.txt").string() : setup.run->prompt;
  if (use.labels.empty()) return use;
  const task::Labels labels = task::load_labels(run / "labels.json");
  const task::PromptStyle style = has("prompt.txt") ? task::load_template(run / "prompt.txt")
                                                    : task::load_style(use.prompt);
  const task::AnswerWords words = has("answers.json") ? task::load_answers(run / "answers.json")
                                                      : task::pair_words(labels, labels.names());
  use.other_words = by_label(words) !=
                    by_label(task::pair_words(labels, task::answer_texts(style, labels)));
  return use;
}

}  // namespace relatum::jobs
