// Compares what was typed with what is known.
#include "app/nearest_flag.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "task/nearest.h"

namespace relatum::app {
namespace {

std::optional<std::string> did_you_mean(const std::string& typed,
                                        const std::vector<std::string>& known) {
  const std::string nearest = task::nearest_name(typed, known);
  if (nearest.empty()) return std::nullopt;
  return "Did you mean " + nearest + "?";
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

}  // namespace

std::optional<std::string> nearest_flag(const CLI::App& app, int argc, char** argv) {
  if (argc < 2) return std::nullopt;
  std::vector<std::string> names;
  const CLI::App* command = nullptr;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(sub->get_name());
    if (sub->get_name() == argv[1]) command = sub;
  }
  if (!command) return did_you_mean(argv[1], names);
  const std::vector<std::string> flags = flags_of(*command);
  for (int i = 2; i < argc; ++i) {
    const std::string flag = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    if (!flag.starts_with("--")) continue;
    if (std::find(flags.begin(), flags.end(), flag) == flags.end()) {
      return did_you_mean(flag, flags);
    }
  }
  return std::nullopt;
}

}  // namespace relatum::app
