// How far probabilities are from how often they are right.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace relatum::task {

/// One answer's probability, and whether the answer is right.
struct Judged {
  double probability = 0;
  bool right = false;
};

/// Answers with probabilities above `low`, up to `high`; the first bin has its `low`, too.
struct ReliabilityBin {
  double low = 0, high = 0;
  int64_t count = 0;
  double mean_probability = 0, accuracy = 0;
  /// The exact (Clopper-Pearson) 95 % interval of the accuracy.
  double accuracy_low = 0, accuracy_high = 0;
};

/// What the probabilities of all labels say where they were kept.
struct LabelProbabilities {
  int64_t count = 0;    ///< answers with all labels' probabilities and one gold label
  double brier = 0;     ///< mean of the sum over labels of (p - 1 of the gold one)², 0 to 2
  double log_loss = 0;  ///< mean of -log p(gold); p is at least 1e-15, as scikit-learn once had it
};

struct Calibration {
  int64_t count = 0;                          ///< answers that have a probability
  double mean_probability = 0, accuracy = 0;  ///< of these
  /// Expected calibration error: sum over bins of count/all · |accuracy - mean probability|. In 15
  /// bins of equal mass (kBins of Nixon et al. 2019's adaptive form), and in 15 of equal width (Guo
  /// et al. 2017).
  double ece = 0, ece_equal_width = 0;
  double brier = 0;                  ///< mean of (p - right)², of the answers alone
  std::vector<ReliabilityBin> bins;  ///< of equal mass: the reliability curve
  std::optional<LabelProbabilities> labels;
};

/// Bins whose edges are the quantiles of the probabilities, interpolated as numpy has them; equal
/// probabilities are never cut apart, so bins may differ in size and be fewer than `count`. The
/// order of the answers does not matter. These are scikit-learn's of calibration_curve(…,
/// strategy="quantile").
std::vector<ReliabilityBin> bins_of_equal_mass(std::span<const Judged> answers, int64_t count);
/// Bins ((i - 1) / count, i / count], the first with 0; those without an answer are left out.
std::vector<ReliabilityBin> bins_of_equal_width(std::span<const Judged> answers, int64_t count);

/// All figures; `labels` is left to the caller. Probabilities are 0 to 1. Nothing for no answers.
std::optional<Calibration> calibration_of(std::span<const Judged> answers);

}  // namespace relatum::task
