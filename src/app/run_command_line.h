// Parsing of the command line and the exit status of its outcome.
#pragma once

namespace relatum::app {

/// 0 done, 1 the work failed, 2 wrong use, 130 interrupted.
int run_command_line(int argc, char** argv);

}  // namespace relatum::app
