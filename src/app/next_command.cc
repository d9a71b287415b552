// Builds the line and quotes what a shell would take apart.
#include "app/next_command.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <string_view>

namespace relatum::app {
namespace {

std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("-_./:,+=@%").find(c) != std::string_view::npos;
  });
  if (plain) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

// What the run remembers, said behind what is asked.
std::string asked(const std::string& what, const jobs::RunUse& use) {
  std::string line = "relatum extract " + what;
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) line += std::string(" ") + flag + " " + quoted(value);
  };
  add("--prompt", use.prompt.empty() ? "STYLE" : use.prompt);
  add("--labels", use.labels.empty() ? "LABELS.json" : use.labels);
  if (use.chat) line += " --chat";
  add("--index", use.index);
  if (!use.index.empty() && use.neighbours != 1) {
    add("--neighbours", std::to_string(use.neighbours));
  }
  return line + " --data FILE --out predictions.jsonl";
}

}  // namespace

std::string extract_command(const jobs::FinetuneOptions& o) {
  std::string line = "relatum extract";
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) line += std::string(" ") + flag + " " + quoted(value);
  };
  add("--models", o.model.models);
  add("--adapter", o.out);
  add("--index", o.index);
  add("--embedder", o.embedder);
  return line + " --data FILE --out predictions.jsonl";
}

std::string extract_command(const std::string& model, const jobs::RunUse& use) {
  return asked("--model " + quoted(model) + " --base keep", use);
}

std::string extract_command(const std::string& adapter, const std::string& model,
                            const std::string& base, const jobs::RunUse& use) {
  return asked("--model " + quoted(model) + " --adapter " + quoted(adapter) +
                   (base.empty() ? "" : " --base " + base),
               use);
}

void warn_of_other_words(const jobs::RunUse& use, const Context& context) {
  if (!use.other_words) return;
  context.warn(
      "the adapter was taught other words for its labels (answers.json) than its prompt style has "
      "now: asked as below, the result gets those of the style.");
}

std::string evaluate_command(const jobs::FinetuneOptions& o) {
  std::string line = "relatum evaluate --data " + quoted(o.train);
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) line += std::string(" ") + flag + " " + quoted(value);
  };
  add("--relabel", o.data.relabel);
  add("--labels", o.data.labels);
  add("--limit", o.data.limit ? std::to_string(*o.data.limit) : "");
  if (o.data.skip_bad_rows) line += " --skip-bad-rows";
  add("--negative", o.negative.value_or(""));
  return line + " --predictions " +
         quoted((std::filesystem::path(o.out) / "predictions.jsonl").string());
}

}  // namespace relatum::app
