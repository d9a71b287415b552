// The known flag that a mistyped one is nearest to.
#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace relatum::app {

/// "Did you mean --rank?" for the first argument that no option of the chosen command is called,
/// or a command's name for an unknown command; nothing where none is near.
std::optional<std::string> nearest_flag(const CLI::App& app, int argc, char** argv);

}  // namespace relatum::app
