// The mean of the latest values, right from the first one on.
#pragma once

namespace relatum::jobs {

/// Exponential weights, divided by their sum: without that a mean begun at 0 or at the first value
/// lags far behind for some twenty steps.
class RunningMean {
 public:
  /// `memory`: weight of what was before, e.g. 0.95.
  explicit RunningMean(double memory = 0.95) : memory_(memory) {}
  /// Takes a value in; gives the mean.
  double add(double value) {
    sum_ = memory_ * sum_ + (1 - memory_) * value;
    weight_ = memory_ * weight_ + (1 - memory_);
    return sum_ / weight_;
  }

 private:
  double memory_, sum_ = 0, weight_ = 0;
};

}  // namespace relatum::jobs
