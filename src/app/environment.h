// What a command gets from the process: log, progress bar, stop flag, model folder.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/context.h"

namespace relatum::app {

constexpr int kDone = 0, kFailed = 1, kWrongUse = 2, kInterrupted = 130;

class ProgressBar;
class ProgressLines;
class StandardInput;

/// $HOME, or what the system's list of users says; "." where neither knows.
std::filesystem::path home_folder();

class Environment {
 public:
  /// Reads the environment variables that are looked at (HOME, XDG_DATA_HOME) and takes SIGINT.
  explicit Environment(std::vector<std::string> arguments);
  ~Environment();

  const Context& context() const { return context_; }
  /// The command line as it was given, for run records.
  const std::vector<std::string>& arguments() const { return arguments_; }
  /// $XDG_DATA_HOME/relatum/models, or below ~/.local/share.
  std::filesystem::path default_models() const;
  /// context().warn(), unless the same was said before: several commands of one run may see it.
  void warn_once(const std::string& text) const;
  bool interrupted() const { return context_.stopping(); }
  /// Standard input. Reading throws Error where Ctrl-C came meanwhile.
  std::istream& input();
  /// Ends a progress line, so that what is printed next starts on a line of its own.
  void end_progress();
  /// Level of the log: "info" by default; quiet shows warnings alone.
  void set_quiet(bool quiet);

 private:
  void show(const Progress& progress);
  std::vector<std::string> arguments_;
  std::unique_ptr<ProgressBar> bar_;      ///< on a terminal
  std::unique_ptr<ProgressLines> lines_;  ///< elsewhere
  std::unique_ptr<StandardInput> input_;
  Context context_;
  mutable std::set<std::string> warned_;
};

}  // namespace relatum::app
