// Sorts answers by probability, cuts them, and compares.
#include "task/reliability.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "task/interval.h"
#include "task/proportion.h"

namespace relatum::task {
namespace {

constexpr int64_t kBins = 15;

void finish(std::vector<ReliabilityBin>& bins) {
  std::erase_if(bins, [](const ReliabilityBin& bin) { return bin.count == 0; });
  for (ReliabilityBin& bin : bins) {
    const auto right = int64_t(std::llround(bin.accuracy));
    bin.mean_probability /= double(bin.count);
    bin.accuracy /= double(bin.count);
    const ProportionInterval interval = exact_interval(right, bin.count);
    bin.accuracy_low = interval.low;
    bin.accuracy_high = interval.high;
  }
}

/// The bin of a probability: how many inner edges lie below it.
std::vector<ReliabilityBin> cut_at(std::span<const Judged> answers,
                                   const std::vector<double>& edges) {
  std::vector<ReliabilityBin> bins(edges.size() - 1);
  for (size_t i = 0; i < bins.size(); ++i) {
    bins[i].low = edges[i];
    bins[i].high = edges[i + 1];
  }
  for (const Judged& answer : answers) {
    const auto at = std::lower_bound(edges.begin() + 1, edges.end() - 1, answer.probability);
    ReliabilityBin& bin = bins[size_t(at - edges.begin()) - 1];
    ++bin.count;
    bin.mean_probability += answer.probability;
    bin.accuracy += answer.right;
  }
  finish(bins);
  return bins;
}

double expected_error(const std::vector<ReliabilityBin>& bins, size_t all) {
  double sum = 0;
  for (const ReliabilityBin& bin : bins) {
    sum += double(bin.count) / double(all) * std::abs(bin.accuracy - bin.mean_probability);
  }
  return sum;
}

}  // namespace

std::vector<ReliabilityBin> bins_of_equal_mass(std::span<const Judged> answers, int64_t count) {
  RELATUM_CHECK(count > 0);
  if (answers.empty()) return {};
  std::vector<double> sorted;
  for (const Judged& answer : answers) sorted.push_back(answer.probability);
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> edges;
  for (int64_t i = 0; i <= count; ++i) {
    edges.push_back(percentile(sorted, double(i) / double(count)));
  }
  return cut_at(answers, edges);
}

std::vector<ReliabilityBin> bins_of_equal_width(std::span<const Judged> answers, int64_t count) {
  RELATUM_CHECK(count > 0);
  std::vector<double> edges;
  for (int64_t i = 0; i <= count; ++i) edges.push_back(double(i) / double(count));
  return cut_at(answers, edges);
}

std::optional<Calibration> calibration_of(std::span<const Judged> answers) {
  if (answers.empty()) return std::nullopt;
  Calibration result;
  result.count = int64_t(answers.size());
  for (const Judged& answer : answers) {
    const double miss = answer.probability - double(answer.right);
    result.mean_probability += answer.probability;
    result.accuracy += answer.right;
    result.brier += miss * miss;
  }
  for (double* sum : {&result.mean_probability, &result.accuracy, &result.brier}) {
    *sum /= double(answers.size());
  }
  result.bins = bins_of_equal_mass(answers, kBins);
  result.ece = expected_error(result.bins, answers.size());
  result.ece_equal_width = expected_error(bins_of_equal_width(answers, kBins), answers.size());
  return result;
}

}  // namespace relatum::task
