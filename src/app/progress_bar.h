// How far a job is, how fast, and how long it will take: a line on a terminal, else lines in a log.
#pragma once

#include <optional>
#include <string>

#include "base/context.h"

namespace relatum::app {

/// Measures the rate of one task after another. Times are seconds on any clock.
class ProgressRate {
 public:
  /// Takes a reading; true where it begins a new task.
  bool take(const Progress& progress, double now);
  double elapsed(double now) const { return now - start_; }
  /// "training [####....] 120/500 steps  3.20/s  2 min 01 s left  loss 0.412".
  std::string bar(const Progress& progress, double now) const;
  /// "training: 120 of 500 steps, 3.20/s, 2 min 01 s left, loss 0.412".
  std::string sentence(const Progress& progress, double now) const;
  /// The next reading begins a task, whatever its name.
  void reset() { running_ = false; }

 private:
  double rate(const Progress& progress, double now) const;
  std::string left(const Progress& progress, double now) const;
  bool running_ = false;
  std::string task_;
  double first_ = 0, start_ = 0;
};

/// Where there is no terminal: a line every thirty seconds of a task.
class ProgressLines {
 public:
  std::optional<std::string> next(const Progress& progress, double now);
  void reset() { rate_.reset(); }

 private:
  ProgressRate rate_;
  double last_ = 0;
};

/// Writes to standard error, and only where that is a terminal.
class ProgressBar {
 public:
  ProgressBar() : enabled_(terminal()) {}
  static bool terminal();
  void set_enabled(bool enabled) { enabled_ = enabled; }
  /// Redraws at most ten times a second. The first two seconds of a task show nothing.
  void show(const Progress& progress, double now);
  /// Takes the line away, e.g. for a line of the log; the task goes on.
  void clear();
  /// Ends the task.
  void end();

 private:
  bool enabled_, visible_ = false;
  ProgressRate rate_;
  double last_ = 0;
};

/// What of `line` fits into so many columns: whole code points, wide ones counted as two.
std::string fit_columns(const std::string& line, int columns);

}  // namespace relatum::app
