// CLI11 takes arguments in reverse order.
#include "app/stage_options.h"

#include <CLI/CLI.hpp>

namespace relatum::app {

void parse_arguments(CLI::App& app, const std::vector<std::string>& arguments) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_expected_max() == 1) option->take_last();
  }
  app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend() - 1));
}

}  // namespace relatum::app
