// What a command gets from the process: log, progress bar, stop flag, model folder.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "jobs/host.h"

namespace relatum::app {

constexpr int kDone = 0, kFailed = 1, kWrongUse = 2, kInterrupted = 130;

class ProgressBar;
class ProgressLines;
class StandardInput;

/// $HOME, or what the system's list of users says; "." where neither knows.
std::filesystem::path home_folder();

class Environment {
 public:
  /// Reads the environment variables that are looked at (HOME, XDG_DATA_HOME, and those that say
  /// where other programs keep models) and takes SIGINT.
  explicit Environment(std::vector<std::string> arguments);
  ~Environment();

  /// What jobs are told: everything below, the command line, and standard input and output.
  const jobs::Host& host() const { return host_; }
  const Context& context() const { return host_.context; }
  /// The command line as it was given, for run records.
  const std::vector<std::string>& arguments() const { return host_.command; }
  /// $XDG_DATA_HOME/relatum/models, or below ~/.local/share.
  std::filesystem::path default_models() const;
  bool interrupted() const { return context().stopping(); }
  /// Standard input. Reading throws Error where Ctrl-C came meanwhile.
  std::istream& input() { return *host_.input; }
  /// Ends a progress line, so that what is printed next starts on a line of its own.
  void end_progress() const { context().end_progress(); }
  /// Level of the log: "info" by default; quiet shows warnings alone.
  void set_quiet(bool quiet);

 private:
  void log(LogLevel level, const std::string& text);
  void show(const Progress& progress);
  std::unique_ptr<ProgressBar> bar_;      ///< on a terminal
  std::unique_ptr<ProgressLines> lines_;  ///< elsewhere
  std::unique_ptr<StandardInput> input_;
  jobs::Host host_;
  std::set<std::string> warned_;  ///< several commands of one run may see the same
};

}  // namespace relatum::app
