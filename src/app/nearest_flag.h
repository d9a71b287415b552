// What a mistyped flag or command was probably meant to be.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace relatum::app {

/// The long flags of a command, each with its "--".
std::vector<std::string> flags_of(const CLI::App& app);
/// Those of them that take no value.
std::vector<std::string> switches_of(const CLI::App& app);

/// "extract has no flag --adaptor. Did you mean --adapter?" for the first flag that the chosen
/// command lacks, or the like for an unknown command; nothing where all of them are known.
std::optional<std::string> unknown_word(const CLI::App& app, int argc, char** argv);

}  // namespace relatum::app
