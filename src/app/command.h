// The registry of commands; one file in app/commands is one command.
#pragma once

#include <functional>
#include <span>
#include <string_view>

namespace CLI {
class App;
}

namespace relatum::app {

class Environment;

/// What is left to do once the options are read; returns the exit status.
using Action = std::function<int(Environment&)>;

struct Command {
  std::string_view name;
  std::string_view summary;             ///< one line for the list of commands
  Action (*define)(CLI::App& options);  ///< adds the options, gives the action
};

/// All commands; generated from the folder.
std::span<const Command* const> commands();

}  // namespace relatum::app
