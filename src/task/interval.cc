// Draws sentences with replacement and sorts the figures.
#include "task/interval.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "base/error.h"
#include "base/rng.h"

namespace relatum::task {
namespace {

/// The value below which `share` of the sorted values lie, interpolated.
double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * double(sorted.size() - 1);
  const auto low = size_t(place);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (place - double(low)) * (sorted[high] - sorted[low]);
}

}  // namespace

std::vector<int64_t> sentence_groups(std::span<const Example> examples) {
  std::unordered_map<std::string, int64_t> known;
  std::vector<int64_t> groups;
  for (const Example& example : examples) {
    // The space keeps a document's name apart from texts, which have none once they are normalised.
    const std::string key = example.document.empty() ? normalised_text(example.text)
                                                     : " " + example.document;
    groups.push_back(known.emplace(key, int64_t(known.size())).first->second);
  }
  return groups;
}

std::optional<Interval> bootstrap(const Metric& metric, const Confusion& counts,
                                  std::span<const std::vector<Cell>> cells,
                                  std::span<const int64_t> groups,
                                  const BootstrapOptions& options) {
  RELATUM_CHECK(!cells.empty() && cells.size() == groups.size() && options.samples > 0);
  const auto units = uint64_t(*std::max_element(groups.begin(), groups.end()) + 1);
  if (units < 2) return std::nullopt;
  std::vector<std::vector<Cell>> drawn_together(units);
  for (size_t i = 0; i < cells.size(); ++i) {
    auto& group = drawn_together[size_t(groups[i])];
    group.insert(group.end(), cells[i].begin(), cells[i].end());
  }
  Confusion drawn(counts.labels(), counts.negative(), counts.scope());
  std::vector<double> figures;
  for (int64_t sample = 0; sample < options.samples; ++sample) {
    const Rng rng(options.seed, uint64_t(sample));
    drawn.clear();
    for (uint64_t i = 0; i < units; ++i) drawn.add(drawn_together[rng.below(i, units)]);
    figures.push_back(metric.compute(drawn).value_or(Scores{}).f1);
  }
  std::sort(figures.begin(), figures.end());
  Interval interval;
  interval.low = percentile(figures, (1 - interval.level) / 2);
  interval.high = percentile(figures, (1 + interval.level) / 2);
  interval.samples = options.samples;
  interval.units = int64_t(units);
  return interval;
}

}  // namespace relatum::task
