// Temperature scaling: one number that makes a model's probabilities as sure as they are right.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace relatum::task {

/// log p / T of each answer, made probabilities again: softmax over the answers. T = 1 changes
/// nothing; above it probabilities move together, below it apart; their order never changes.
std::vector<double> tempered(std::span<const double> log_scores, double temperature);
/// The same for an answer whose probability alone is known: its log-odds are divided by T.
double tempered(double probability, double temperature);

/// What is known of one example: the log-probabilities of all answers, and which is right.
struct ScoredExample {
  std::vector<double> log_scores;
  std::vector<size_t> gold;  ///< one or several of them
};

struct TemperatureFit {
  double temperature = 1;
  double low = 1, high = 1;      ///< 95 % interval, normal in log T, from the curvature of the loss
  double before = 0, after = 0;  ///< mean negative log-likelihood at T = 1, and at T
  int64_t examples = 0;
  /// Whether the loss has its minimum within the bounds, and the interval is no wider than a factor
  /// of e to either side. It has none where each answer is right, which a temperature of 0 would
  /// explain best; the temperature is then 1.
  bool found = false;
};

/// Bounds of the search. A model that is fine-tuned for a few epochs is at 1 to 4 (Guo et al.
/// 2017).
inline constexpr double kLowestTemperature = 0.05, kHighestTemperature = 20;

/// The T that makes the gold labels likeliest (Guo et al. 2017): minimises the mean of
/// -log p(gold), of several gold labels the mean of theirs. In 1 / T the loss is convex, so the
/// minimum is one; it is found by Brent's method in log T. At least one example with a gold label.
TemperatureFit fit_temperature(std::span<const ScoredExample> examples);

}  // namespace relatum::task
