// CLI11 set up from the registry of commands.
#include "app/run_command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <new>

#include "app/command.h"
#include "app/environment.h"
#include "app/nearest_flag.h"
#include "app/usage_text.h"
#include "base/error.h"
#include "base/printable.h"

namespace relatum::app {
namespace {

constexpr const char* kAbout =
    "Relatum teaches a language model to name the relation between two marked entities in a\n"
    "sentence, and measures how well it does.\n\n"
    "A first run. Each line of train.jsonl and test.jsonl is a sentence with its two entities\n"
    "marked, and its label:\n"
    "  {\"text\":\"<e1>Bo Nilsen</e1> flies for <e2>Kestrel Airways</e2>.\","
    "\"label\":\"works_for\"}\n"
    "  relatum finetune --model smollm2-135m-instruct --train train.jsonl --out run\n"
    "  relatum extract  --adapter run --data test.jsonl --out predictions.jsonl\n"
    "  relatum evaluate --data test.jsonl --predictions predictions.jsonl\n\n"
    "scripts/quickstart fetches that model. Results go to standard output, the log and\n"
    "progress to standard error. relatum COMMAND --help shows every option.";

// Not fmt::print(), which throws where standard error cannot take it, e.g. on a full disk.
void complain(const std::string& text) { std::fputs(("relatum: " + text + "\n").c_str(), stderr); }

// Whether all results have left for standard output; says so where they have not.
bool flushed() {
  if (std::fflush(stdout) == 0) return true;
  complain(
      fmt::format("cannot write to standard output: {}. Free some space, or send it "
                  "elsewhere.",
                  std::strerror(errno)));
  return false;
}

int wrong_use(CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (error.get_exit_code() == int(CLI::ExitCodes::Success)) {
    const int status = app.exit(error);
    return flushed() ? status : kFailed;
  }
  const std::string message = unknown_word(app, argc, argv).value_or(usage_text(error.what()));
  const CLI::App* command = &app;
  for (const CLI::App* chosen : app.get_subcommands()) command = chosen;
  complain(fmt::format("{}\nSee `relatum{}{} --help`.", printable(message),
                       command == &app ? "" : " ", command == &app ? "" : command->get_name()));
  return kWrongUse;
}

int guarded(const Action& action, Environment& environment) {
  try {
    const int status = action(environment);
    return flushed() ? status : kFailed;
  } catch (const std::bad_alloc&) {
    environment.end_progress();
    complain(
        "there is not enough memory for this. Use a smaller model, or smaller "
        "--micro-tokens.");
  } catch (const std::filesystem::filesystem_error& error) {  // a folder that may not be read
    environment.end_progress();
    complain(fmt::format("[app.files] cannot reach {}: {}. Check the path and its permissions.",
                         printable(error.path1().string()), error.code().message()));
  } catch (const std::exception& error) {
    environment.end_progress();
    complain(printable(error.what()));
  }
  return environment.interrupted() ? kInterrupted : kFailed;
}

// A command line with all commands, or with the one of that name; the chosen one's action is left
// in `chosen`.
void define_commands(CLI::App& app, Action& chosen, const std::string& name = "") {
  app.set_version_flag("--version", std::string("relatum ") + RELATUM_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  for (const Command* command : commands()) {
    if (!name.empty() && command->name != name) continue;
    CLI::App* sub = app.add_subcommand(std::string(command->name), std::string(command->summary));
    sub->option_defaults()->always_capture_default();
    const Action action = command->define(*sub);
    sub->callback([&chosen, action] { chosen = action; });
  }
}

}  // namespace

Action parse_command(const std::vector<std::string>& arguments) {
  CLI::App app(kAbout, "relatum");
  Action chosen;
  define_commands(app, chosen, arguments.at(0));
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) {
    for (CLI::Option* option : sub->get_options()) {
      if (option->get_expected_max() == 1) option->take_last();
    }
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    std::string sentence = usage_text(error.what());
    if (!sentence.ends_with('?') && !sentence.ends_with('.')) sentence += '.';
    fail("app.run",
         fmt::format("{}: {} See `relatum {} --help`.", arguments.at(0), sentence, arguments[0]));
  }
  return chosen;
}

std::vector<std::string> flags_of_command(const std::string& name) {
  CLI::App app(kAbout, "relatum");
  Action chosen;
  define_commands(app, chosen, name);
  return flags_of(*app.get_subcommand(name));
}

std::vector<std::string> switches_of_command(const std::string& name) {
  CLI::App app(kAbout, "relatum");
  Action chosen;
  define_commands(app, chosen, name);
  return switches_of(*app.get_subcommand(name));
}

std::map<std::string, std::string> defaults_of_command(const std::string& name) {
  CLI::App app(kAbout, "relatum");
  Action chosen;
  define_commands(app, chosen, name);
  std::map<std::string, std::string> defaults;
  for (const CLI::Option* option : app.get_subcommand(name)->get_options()) {
    const std::string value = option->get_default_str();
    if (value.empty() || option->get_expected_max() == 0) continue;
    for (const std::string& flag : option->get_lnames()) defaults[flag] = value;
  }
  return defaults;
}

int run_command_line(int argc, char** argv) {
  CLI::App app(kAbout, "relatum");
  Action chosen;
  define_commands(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return wrong_use(app, error, argc, argv);
  }
  Environment environment({argv, argv + argc});
  return guarded(chosen, environment);
}

}  // namespace relatum::app
