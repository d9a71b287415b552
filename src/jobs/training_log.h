// log.jsonl: what happened in a run, step by step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace relatum::jobs {

/// Hands on the entries of a log.jsonl, each with its file and line. Half a line at the end, as a
/// killed program leaves it, is none; throws Error for other text that is no JSON.
using TakeEntry = std::function<void(const nlohmann::json& entry, const std::string& place)>;
void read_log(const std::filesystem::path& log, const TakeEntry& take);

/// How the loss went in a run, over windows of a tenth of its steps.
struct LossCourse {
  int64_t steps = 0;
  double first = 0, last = 0;  ///< means over the first and the last window
  bool moved = false;          ///< some gradient was not zero
};

/// Of a run's log.jsonl; nothing where it is no file (a pipe, say), has no step, or
/// is not as it was written.
std::optional<LossCourse> loss_course(const std::filesystem::path& log);

/// Figures on the dev data after a step.
struct DevFigures {
  int64_t step = 0;
  std::string metric;           ///< name of the figure that counted
  double f1 = 0, accuracy = 0;  ///< fractions
};

/// Of a run's log.jsonl, at the step whose weights were kept; nothing where it has none.
std::optional<DevFigures> dev_figures(const std::filesystem::path& log, int64_t step);

/// Lines are written as they happen, so that a run can be followed.
class TrainingLog {
 public:
  TrainingLog() = default;
  ~TrainingLog();
  TrainingLog(const TrainingLog&) = delete;
  TrainingLog& operator=(const TrainingLog&) = delete;

  /// Starts anew. Where a run goes on after step `resumed`, what was logged later is cut off: those
  /// steps are done again, and with `evaluation_due` that step's evaluation, too.
  void open(const std::filesystem::path& path, std::optional<int64_t> resumed,
            bool evaluation_due = false);
  /// Adds a line, whole or not at all; throws Error where it cannot be written.
  void write(const nlohmann::json& entry);

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace relatum::jobs
