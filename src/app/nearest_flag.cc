// Compares what was typed with what is known.
#include "app/nearest_flag.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/known_names.h"

namespace relatum::app {

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

std::vector<std::string> switches_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_expected_max() != 0) continue;
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

std::optional<std::string> unknown_word(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return std::nullopt;
  std::vector<std::string> names;
  const CLI::App* command = nullptr;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(sub->get_name());
    if (sub->get_name() == argv[1]) command = sub;
  }
  if (!command) {
    return fmt::format("there is no command '{}'.{}", argv[1], did_you_mean(argv[1], names, ""));
  }
  const std::vector<std::string> flags = flags_of(*command);
  for (int i = 2; i < argc; ++i) {
    const std::string flag = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    if (!flag.starts_with("--") || flag == "--") continue;
    if (std::find(flags.begin(), flags.end(), flag) != flags.end()) continue;
    return fmt::format("{} has no flag {}.{}", argv[1], flag, did_you_mean(flag, flags, ""));
  }
  return std::nullopt;
}

}  // namespace relatum::app
