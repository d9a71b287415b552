// Another program run without a shell: what it writes, within limits of time and size.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

namespace relatum::graph {

struct ProgramLimits {
  double seconds = 60;
  size_t bytes = size_t{256} << 20;         ///< of what it writes to its standard output
  const std::atomic<bool>* stop = nullptr;  ///< ends it, as Context::stop
};

struct ProgramRun {
  enum class End { kDone, kAbsent, kTooLong, kTooMuch, kStopped };
  End end = End::kDone;
  int status = 0;      ///< what it ended with; 128 and its number where a signal ended it
  std::string output;  ///< its standard output
  std::string errors;  ///< the first 4,096 bytes of its standard error
};

/// Runs `command`, whose first word is the program: a path, or a name that is looked for where the
/// system looks for programs. Its standard input is empty. It has a process group of its own, which
/// is killed where a limit is passed. Throws Error where the system does not start it, or does not
/// tell how it ended.
ProgramRun run_program(const std::vector<std::string>& command, const ProgramLimits& limits);

}  // namespace relatum::graph
