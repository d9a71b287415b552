// What every long-running call is told: threads, stop flag, where log lines and progress go.
#pragma once

#include <atomic>
#include <functional>
#include <string>

namespace relatum {

enum class LogLevel { kDebug, kInfo, kWarning };

/// One reading of a long job, handed to Context::progress at most a few times a second.
struct Progress {
  std::string task;  ///< what is being done, e.g. "embedding"
  double done = 0;   ///< units finished so far
  double total = 0;  ///< units in all; 0 where unknown
  std::string unit;  ///< e.g. "sentences"
  std::string note;  ///< shown behind the rate, e.g. "loss 0.412"
};

/// Passed down by reference; never global. Default-constructed it is silent and never stops.
struct Context {
  std::function<void(LogLevel, const std::string&)> log;
  std::function<void(const Progress&)> progress;
  std::function<void()> progress_over;      ///< the job that reported is done, or has stopped
  const std::atomic<bool>* stop = nullptr;  ///< set by SIGINT; long loops look at it between steps

  bool stopping() const { return stop && stop->load(std::memory_order_relaxed); }
  void info(const std::string& line) const {
    if (log) log(LogLevel::kInfo, line);
  }
  void warn(const std::string& line) const {
    if (log) log(LogLevel::kWarning, line);
  }
  void report(const Progress& p) const {
    if (progress) progress(p);
  }
  void end_progress() const {
    if (progress_over) progress_over();
  }
};

}  // namespace relatum
