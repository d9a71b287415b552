// Parsing of the command line and the exit status of its outcome.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/command.h"

namespace relatum::app {

/// Reads one command with its arguments, e.g. {"index", "--out", "index"}, as if it had been typed,
/// and gives what is left to do. Of an option that stands twice the last counts. Throws Error for
/// wrong use.
Action parse_command(const std::vector<std::string>& arguments);

/// The long flags of a command, each with its "--".
std::vector<std::string> flags_of_command(const std::string& name);
/// Those of them that take no value.
std::vector<std::string> switches_of_command(const std::string& name);

/// What its options are where they are not given, by flag without "--"; none of those without a
/// default, and of switches.
std::map<std::string, std::string> defaults_of_command(const std::string& name);

/// 0 done, 1 the work failed, 2 wrong use, 130 interrupted.
int run_command_line(int argc, char** argv);

}  // namespace relatum::app
