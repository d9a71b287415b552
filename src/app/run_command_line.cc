// CLI11 set up from the registry of commands.
#include "app/run_command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>

#include "app/command.h"
#include "app/environment.h"
#include "app/nearest_flag.h"
#include "base/error.h"

namespace relatum::app {
namespace {

constexpr const char* kAbout =
    "Relatum teaches a language model to extract relations, and runs it.\n\n"
    "A first run, from a corpus to figures:\n"
    "  relatum index    --embedder all-minilm-l6-v2 --data train.jsonl --out index\n"
    "  relatum finetune --model smollm2-135m-instruct --train train.jsonl --dev dev.jsonl "
    "--prompt compact --index index --out run\n"
    "  relatum extract  --model smollm2-135m-instruct --adapter run --index index "
    "--data test.jsonl --out predictions.jsonl\n"
    "  relatum evaluate --data test.jsonl --predictions predictions.jsonl\n\n"
    "Results go to standard output, log and progress to standard error.";

int wrong_use(CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (error.get_exit_code() == int(CLI::ExitCodes::Success)) return app.exit(error);
  std::string message = error.what();
  if (const auto hint = nearest_flag(app, argc, argv)) message += " " + *hint;
  const CLI::App* command = &app;
  for (const CLI::App* chosen : app.get_subcommands()) command = chosen;
  fmt::print(stderr, "relatum: {}\nSee `relatum{}{} --help`.\n", message,
             command == &app ? "" : " ", command == &app ? "" : command->get_name());
  return kWrongUse;
}

int guarded(const Action& action, Environment& environment) {
  try {
    return action(environment);
  } catch (const std::bad_alloc&) {
    environment.end_progress();
    fmt::print(stderr, "relatum: there is not enough memory for this. Use a smaller model, or "
                       "smaller --micro-tokens.\n");
  } catch (const std::exception& error) {
    environment.end_progress();
    fmt::print(stderr, "relatum: {}\n", error.what());
  }
  return environment.interrupted() ? kInterrupted : kFailed;
}

// A command line with all commands; the chosen one's action is left in `chosen`.
void define_commands(CLI::App& app, Action& chosen) {
  app.set_version_flag("--version", std::string("relatum ") + RELATUM_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  for (const Command* command : commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command->name), std::string(command->summary));
    sub->option_defaults()->always_capture_default();
    const Action action = command->define(*sub);
    sub->callback([&chosen, action] { chosen = action; });
  }
}

}  // namespace

int run_command(const std::vector<std::string>& arguments, Environment& environment) {
  CLI::App app(kAbout, "relatum");
  Action chosen;
  define_commands(app, chosen);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    fail("app.run", std::string(error.what()) + ".");
  }
  return chosen(environment);
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
