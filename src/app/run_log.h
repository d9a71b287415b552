// log.jsonl: what happened in a run, step by step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json_fwd.hpp>
#include <optional>

namespace relatum::app {

/// Lines are written as they happen, so that a run can be followed.
class RunLog {
 public:
  /// Starts anew. Where a run goes on behind step `resumed`, what was logged later is cut off:
  /// those steps are done again.
  void open(const std::filesystem::path& path, std::optional<int64_t> resumed);
  /// Adds a line; throws Error where it cannot be written.
  void write(const nlohmann::json& entry);

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

}  // namespace relatum::app
