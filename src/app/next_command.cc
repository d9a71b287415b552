// Builds the line and quotes what a shell would take apart.
#include "app/next_command.h"

#include <filesystem>
#include <string>

#include "base/shell_word.h"

namespace relatum::app {

std::string extract_command(const jobs::FinetuneOptions& o) {
  std::string line = "relatum extract";
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) line += std::string(" ") + flag + " " + shell_word(value);
  };
  add("--models", o.model.models);
  add("--adapter", o.out);
  add("--index", o.index);
  add("--embedder", o.embedder);
  return line + " --data FILE --out predictions.jsonl";
}

std::string graph_command(const jobs::FinetuneOptions& o) {
  if (o.task != "joint") return "";
  const std::string models = o.model.models.empty() ? ""
                                                    : " --models " + shell_word(o.model.models);
  return "relatum graph" + models + " --adapter " + shell_word(o.out) + " --out graph.html FOLDER";
}

void warn_of_other_words(const jobs::RunUse& use, const Context& context) {
  if (!use.other_words) return;
  context.warn(
      "the adapter was taught other words for its labels (answers.json) than its prompt style has "
      "now: asked as below, the result gets those of the style.");
}

std::string evaluate_command(const jobs::FinetuneOptions& o) {
  std::string line = "relatum evaluate --data " + shell_word(o.train);
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) line += std::string(" ") + flag + " " + shell_word(value);
  };
  add("--relabel", o.data.relabel);
  add("--labels", o.data.labels);
  add("--limit", o.data.limit ? std::to_string(*o.data.limit) : "");
  if (o.data.skip_bad_rows) line += " --skip-bad-rows";
  add("--negative", o.negative.value_or(""));
  return line + " --predictions " +
         shell_word((std::filesystem::path(o.out) / "predictions.jsonl").string());
}

}  // namespace relatum::app
