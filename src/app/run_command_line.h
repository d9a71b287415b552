// Parsing of the command line and the exit status of its outcome.
#pragma once

#include <string>
#include <vector>

namespace relatum::app {

class Environment;

/// Runs one command with its arguments, e.g. {"index", "--out", "index"}, as if it had been typed.
/// Throws Error for wrong use; other errors pass through.
int run_command(const std::vector<std::string>& arguments, Environment& environment);

/// 0 done, 1 the work failed, 2 wrong use, 130 interrupted.
int run_command_line(int argc, char** argv);

}  // namespace relatum::app
