// Three figures, each from 0 to 1.
#include "task/uncertainty.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace relatum::task {

Uncertainty parse_uncertainty(std::string_view name) {
  if (name == "margin") return Uncertainty::kMargin;
  if (name == "entropy") return Uncertainty::kEntropy;
  if (name == "least") return Uncertainty::kLeast;
  fail("task.suggest", fmt::format("uncertainty '{}': expected margin, entropy or least.", name));
}

double uncertainty(std::span<const double> probabilities, Uncertainty by) {
  RELATUM_CHECK(!probabilities.empty());
  const auto labels = double(probabilities.size());
  if (probabilities.size() == 1) return 0;
  double first = 0, second = 0, entropy = 0;
  for (const double p : probabilities) {
    if (p > first) {
      second = first;
      first = p;
    } else {
      second = std::max(second, p);
    }
    if (p > 0) entropy -= p * std::log(p);
  }
  const double value = by == Uncertainty::kMargin    ? 1 - (first - second)
                       : by == Uncertainty::kEntropy ? entropy / std::log(labels)
                                                     : (1 - first) * labels / (labels - 1);
  return std::clamp(value, 0.0, 1.0);
}

}  // namespace relatum::task
