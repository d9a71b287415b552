// How long the rest of a study will take, from what its cells have taken so far.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "jobs/study.h"

namespace relatum::jobs {

/// What cells that take about the same time have in common: their stages and how they train.
std::string cell_kind(const StudyCell& cell);

/// Times are seconds on any clock.
class StudyClock {
 public:
  /// `cells`: those that are to be run, in order; `done`: how many had results before.
  explicit StudyClock(std::vector<const StudyCell*> cells, size_t done = 0)
      : cells_(std::move(cells)), end_(cells_.size()), done_(done) {}
  /// So many cells alone are to be run, of the first, but for those that are passed over.
  void stop_after(size_t cells) { end_ = std::min(cells, cells_.size()); }
  /// The cell in hand could not be run, and leaves its place to another.
  void passed_over() { end_ = std::min(end_ + 1, cells_.size()); }
  /// A cell with these settings took so long, now or in an earlier call.
  void took(const StudyCell& cell, double seconds);
  /// The next cell begins.
  void begin(double now);
  /// The cell in hand has a further stage, or its stage has come so far.
  void stage(double now);
  void reading(const Progress& progress, double now);
  /// What is left, with the cell in hand: of each the mean of its arm's cells, else of its kind's,
  /// else of all, else what the stage in hand makes likely; nothing where nothing is known.
  std::optional<double> left(double now) const;
  /// Which cell is in hand, from 1, behind those that had results.
  size_t number() const { return done_ + next_; }
  const StudyCell& cell() const { return *cells_.at(next_ - 1); }

 private:
  struct Mean {
    double sum = 0;
    int64_t count = 0;
  };
  std::optional<double> expected(const StudyCell& cell) const;
  std::vector<const StudyCell*> cells_;
  size_t end_;  // before which of them it ends
  std::map<std::string, Mean> of_arm_, of_kind_;
  Mean of_all_;
  size_t done_ = 0, next_ = 0;
  double begun_ = 0, stage_begun_ = 0;
  double stage_share_ = 0;  // of the stage in hand
};

/// A context whose stages report to the clock, and the clock to `outer`: one line for the whole.
/// `log` lines of stages are left out, warnings name their cell. The clock outlives it.
Context study_context(const Context& outer, StudyClock& clock, const std::string& study,
                      const std::function<double()>& now);

}  // namespace relatum::jobs
