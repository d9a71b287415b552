// The loss as a function of log T; Boost's Brent finds its minimum.
#include "task/temperature.h"

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace relatum::task {
namespace {

double log_sum(std::span<const double> scores, double beta) {
  const double most = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (const double score : scores) sum += std::exp(beta * (score - most));
  return beta * most + std::log(sum);
}

double loss_at(std::span<const ScoredExample> examples, double log_temperature) {
  const double beta = std::exp(-log_temperature);
  double sum = 0;
  int64_t count = 0;
  for (const ScoredExample& example : examples) {
    if (example.gold.empty()) continue;
    double gold = 0;
    for (const size_t label : example.gold) gold += example.log_scores[label];
    sum += log_sum(example.log_scores, beta) - beta * gold / double(example.gold.size());
    ++count;
  }
  return sum / double(count);
}

/// Second derivative of the mean loss in log T at its minimum, where the first one is 0: beta²
/// times the mean variance of the log-scores under the tempered distribution.
double curvature_at(std::span<const ScoredExample> examples, double log_temperature) {
  const double beta = std::exp(-log_temperature);
  double sum = 0;
  int64_t count = 0;
  for (const ScoredExample& example : examples) {
    if (example.gold.empty()) continue;
    const std::vector<double> p = tempered(example.log_scores, 1 / beta);
    double mean = 0, square = 0;
    for (size_t i = 0; i < p.size(); ++i) {
      if (p[i] > 0) mean += p[i] * example.log_scores[i];
    }
    for (size_t i = 0; i < p.size(); ++i) {
      const double distance = example.log_scores[i] - mean;
      if (p[i] > 0) square += p[i] * distance * distance;
    }
    sum += square;
    ++count;
  }
  return beta * beta * sum / double(count);
}

}  // namespace

std::vector<double> tempered(std::span<const double> log_scores, double temperature) {
  RELATUM_CHECK(temperature > 0);
  std::vector<double> p(log_scores.begin(), log_scores.end());
  if (p.empty()) return p;
  const double most = *std::max_element(p.begin(), p.end());
  double sum = 0;
  for (double& each : p) sum += each = std::exp((each - most) / temperature);
  for (double& each : p) each /= sum;
  return p;
}

double tempered(double probability, double temperature) {
  if (temperature == 1 || probability <= 0 || probability >= 1) return probability;
  const double odds = std::log(probability) - std::log1p(-probability);
  return 1 / (1 + std::exp(-odds / temperature));
}

TemperatureFit fit_temperature(std::span<const ScoredExample> examples) {
  TemperatureFit fit;
  for (const ScoredExample& each : examples) fit.examples += !each.gold.empty();
  RELATUM_CHECK(fit.examples > 0);
  const double low = std::log(kLowestTemperature), high = std::log(kHighestTemperature);
  // Near a minimum a loss of doubles is flat to about half of its bits: more are not to be had.
  constexpr int kBits = std::numeric_limits<double>::digits / 2;
  const auto [place, loss] = boost::math::tools::brent_find_minima(
      [&](double log_temperature) { return loss_at(examples, log_temperature); }, low, high, kBits);
  fit.before = fit.after = loss_at(examples, 0);
  // Brent's method never leaves the bounds, and comes near one where the minimum lies beyond it.
  const double margin = 1e-3 * (high - low);
  // Where answers are all right the loss is flat, and the minimum a matter of rounding: a
  // temperature that is not known within a factor of e is none.
  const double half = 1.959963984540054 /
                      std::sqrt(curvature_at(examples, place) * double(fit.examples));
  fit.found = place > low + margin && place < high - margin && half < 1;
  if (!fit.found) return fit;
  fit.temperature = std::exp(place);
  fit.after = loss;
  fit.low = std::exp(place - half);
  fit.high = std::exp(place + half);
  return fit;
}

}  // namespace relatum::task
