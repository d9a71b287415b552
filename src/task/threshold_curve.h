// Precision and recall as the threshold of a relation's probability moves.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "task/confusion.h"

namespace relatum::task {

/// The likeliest relation of one example (the negative label is none), and its probability.
struct Candidate {
  double probability = 0;
  bool right = false;
};

/// Of all relations with a probability of at least `threshold`.
struct CurvePoint {
  double threshold = 0;
  int64_t answered = 0, right = 0;
  Scores scores;
};

struct ThresholdCurve {
  /// "scores": all labels' probabilities are known, so the curve goes on below the answers that
  /// were given; "probability": it is of the relations that were answered, so it begins at these.
  std::string from;
  int64_t relations = 0;           ///< gold labels but the negative one: what recall is a share of
  double average_precision = 0;    ///< sum of (R_n - R_n-1) · P_n, n by falling threshold
  CurvePoint best;                 ///< of the highest F1, on these very examples
  std::vector<CurvePoint> points;  ///< one for each distinct probability, the highest first
};

/// The whole curve. `relations` is at least the number of candidates that are right. The points are
/// those of scikit-learn's precision_recall_curve, recall being a share of `relations`.
ThresholdCurve threshold_curve(std::span<const Candidate> candidates, int64_t relations);

/// At most so many points of a curve (3 or more), its ends and its best one among them: the first
/// of each stretch of as many points. For drawing.
std::vector<CurvePoint> thinned(const ThresholdCurve& curve, size_t most);

}  // namespace relatum::task
