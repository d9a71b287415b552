// Options of commands that hold predictions against gold labels.
#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace relatum::app {

/// --negative, where the usual names are the default.
void define_negative(CLI::App& app, const std::string& group, std::optional<std::string>& negative);
/// --official.
void define_official(CLI::App& app, const std::string& group, std::optional<std::string>& official);
/// --missing, error or wrong.
void define_missing(CLI::App& app, const std::string& group, bool& missing_is_wrong);

}  // namespace relatum::app
