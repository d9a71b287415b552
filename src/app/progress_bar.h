// One line on a terminal that tells how far a job is, how fast, and how long it will take.
#pragma once

#include <chrono>
#include <string>

#include "base/context.h"

namespace relatum::app {

/// Writes to standard error, and only where that is a terminal.
class ProgressBar {
 public:
  ProgressBar() : enabled_(terminal()) {}
  static bool terminal();
  void set_enabled(bool enabled) { enabled_ = enabled; }
  /// Redraws at most ten times a second; a new task starts a new clock. A job of less than two
  /// seconds shows nothing.
  void show(const Progress& progress);
  /// Takes the line away.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool enabled_, visible_ = false;
  std::string task_;
  double first_ = 0;
  Clock::time_point start_, last_;
};

/// "12 s", "3 min 20 s", "1 h 05 min".
std::string duration_text(double seconds);

}  // namespace relatum::app
