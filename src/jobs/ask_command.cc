// What a run remembers, as options.
#include "jobs/ask_command.h"

#include "base/shell_word.h"

namespace relatum::jobs {
namespace {

// What the run remembers, said behind what is asked.
std::string asked(const std::string& what, const RunUse& use) {
  std::string line = "relatum extract " + what;
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) line += std::string(" ") + flag + " " + shell_word(value);
  };
  add("--prompt", use.prompt.empty() ? "STYLE" : use.prompt);
  add("--labels", use.labels.empty() ? "LABELS.json" : use.labels);
  add("--calibration", use.calibration);
  if (use.chat) line += " --chat";
  add("--index", use.index);
  if (!use.index.empty() && use.examples.count != 1) {
    add("--neighbours", std::to_string(use.examples.count));
  }
  if (!use.index.empty() && use.examples.random_seed) {
    add("--examples", kRandomExamples);
    add("--examples-seed", std::to_string(*use.examples.random_seed));
  }
  return line + " --data FILE --out predictions.jsonl";
}

}  // namespace

std::string extract_command(const std::string& model, const RunUse& use) {
  return asked("--model " + shell_word(model) + " --base keep", use);
}

std::string extract_command(const std::string& adapter, const std::string& model,
                            const std::string& base, const RunUse& use) {
  return asked("--model " + shell_word(model) + " --adapter " + shell_word(adapter) +
                   (base.empty() ? "" : " --base " + base),
               use);
}

}  // namespace relatum::jobs
