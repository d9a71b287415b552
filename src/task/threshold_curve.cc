// Goes down the sorted probabilities once.
#include "task/threshold_curve.h"

#include <algorithm>

#include "base/error.h"

namespace relatum::task {

ThresholdCurve threshold_curve(std::span<const Candidate> candidates, int64_t relations) {
  std::vector<Candidate> sorted(candidates.begin(), candidates.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const Candidate& a, const Candidate& b) { return a.probability > b.probability; });
  ThresholdCurve curve;
  curve.relations = relations;
  CurvePoint point;
  double recall = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    ++point.answered;
    point.right += sorted[i].right;
    if (i + 1 < sorted.size() && sorted[i + 1].probability == sorted[i].probability) continue;
    point.threshold = sorted[i].probability;
    point.scores = scores_of(point.right, point.answered, relations);
    curve.average_precision += (point.scores.recall - recall) * point.scores.precision;
    recall = point.scores.recall;
    curve.points.push_back(point);
    if (point.scores.f1 > curve.best.scores.f1) curve.best = point;
  }
  RELATUM_CHECK(point.right <= relations);
  return curve;
}

std::vector<CurvePoint> thinned(const ThresholdCurve& curve, size_t most) {
  RELATUM_CHECK(most >= 3);
  if (curve.points.size() <= most) return curve.points;
  std::vector<CurvePoint> kept;
  const double stretches = double(most - 2);
  size_t stretch = 0;
  for (size_t i = 0; i < curve.points.size(); ++i) {
    const CurvePoint& point = curve.points[i];
    const bool end = i == 0 || i + 1 == curve.points.size();
    const auto here = size_t(double(i) / double(curve.points.size()) * stretches);
    const bool best = point.answered == curve.best.answered;
    if (!end && !best && here == stretch) continue;
    stretch = here;
    kept.push_back(point);
  }
  return kept;
}

}  // namespace relatum::task
