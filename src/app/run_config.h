// The TOML file of `relatum run`: its keys, where each stands, and what its paths mean.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/toml_tree.h"

namespace relatum::app {

using RunTable = std::map<std::string, TomlValue>;

/// The stages that a file may ask for, in the order in which they run, and the keys above them.
const std::vector<std::string>& run_stages();
const std::vector<std::string>& run_top_keys();

/// A key above the tables as a value. Throws Error where it has another kind.
TomlValue top_value(const std::filesystem::path& path, const TomlItem& item);
/// The table of a stage. Throws Error where it has another kind, or for a key that the stage does
/// not know.
RunTable stage_table(const std::filesystem::path& path, const TomlItem& item);

/// Parsed and checked for unknown keys, with the nearest known one in the sentence, and for the
/// kind of each value: true or false where the command has a mere flag, else something.
class RunConfig {
 public:
  /// Throws Error with file and line.
  explicit RunConfig(const std::filesystem::path& path);
  /// Of what another file of tables has put together: keys and kinds are checked already.
  RunConfig(std::filesystem::path path, RunTable top, std::map<std::string, RunTable> tables);

  const std::filesystem::path& path() const { return path_; }
  /// The stages that the file asks for, in the order in which they run.
  const std::vector<std::string>& stages() const { return stages_; }
  const RunTable& table(const std::string& stage) const { return tables_.at(stage); }
  const RunTable& top() const { return top_; }
  /// Whether the top of the file asks for it.
  bool quiet() const;
  /// A top key's value, or nothing.
  std::optional<std::string> text(const std::string& key) const;
  /// A top key that has to be there; Error that says which stage needs it.
  std::string require(const std::string& key, const std::string& needed_by) const;
  /// "file:line" of a stage's key (or of the top where `stage` is empty); the file where it has
  /// none.
  std::string place(const std::string& stage, const std::string& key) const;
  /// A path of the file: relative to the file's own folder; "-" and "~/…" as in a shell.
  std::string resolve(const std::string& path) const;
  /// The same of a value after --FLAG that may hold a path: FORMAT:PATH?parts, a model's or a
  /// style's name, or a plain path. Other flags' values stay as they are.
  std::string resolve_flag(const std::string& flag, const std::string& value) const;

 private:
  void order_stages();
  std::filesystem::path path_;
  RunTable top_;
  std::map<std::string, RunTable> tables_;
  std::vector<std::string> stages_;
};

}  // namespace relatum::app
