// What `relatum run` is going to do: one command line per stage.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/run_config.h"

namespace relatum::app {

/// A stage with all its settings, those of the file's top included; paths are resolved.
struct RunStage {
  std::string name;
  std::map<std::string, std::string> values;  ///< flag without "--" to value; "" for a mere flag
  std::vector<std::string> arguments;         ///< name first, as typed after `relatum`

  bool has(const std::string& flag) const { return values.contains(flag); }
  /// The flag's value, or `fallback`.
  std::string value(const std::string& flag, const std::string& fallback = "") const;
  /// Adds a flag without a value, once.
  void set(const std::string& flag);
  /// Takes such a flag away.
  void unset(const std::string& flag);
  /// Where its result lies: a folder of index and finetune, else a file.
  std::string result() const;
};

/// All stages in order. Throws Error with file and line for a setting that a command refuses.
std::vector<RunStage> plan_run(const RunConfig& config);

/// The stage of that name, or nullptr.
const RunStage* find_stage(const std::vector<RunStage>& stages, const std::string& name);

}  // namespace relatum::app
