// Draws sentences with replacement and sorts the figures.
#include "task/interval.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>

#include "base/error.h"

namespace relatum::task {

double percentile(std::span<const double> sorted, double share) {
  RELATUM_CHECK(!sorted.empty());
  const double place = share * double(sorted.size() - 1);
  const auto low = size_t(place);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (place - double(low)) * (sorted[high] - sorted[low]);
}

Interval interval_of(std::vector<double> figures, uint64_t units) {
  std::sort(figures.begin(), figures.end());
  Interval interval;
  interval.low = percentile(figures, (1 - interval.level) / 2);
  interval.high = percentile(figures, (1 + interval.level) / 2);
  interval.samples = int64_t(figures.size());
  interval.units = int64_t(units);
  return interval;
}

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

std::vector<int32_t> draw_units(uint64_t seed, int64_t sample, uint64_t units) {
  const Rng rng(seed, uint64_t(sample));
  std::vector<int32_t> times(units);
  for (uint64_t i = 0; i < units; ++i) ++times[rng.below(i, units)];
  return times;
}

UnitCells::UnitCells(std::span<const std::vector<Cell>> cells, std::span<const int64_t> groups) {
  RELATUM_CHECK(!cells.empty() && cells.size() == groups.size());
  cells_.resize(size_t(*std::max_element(groups.begin(), groups.end()) + 1));
  std::map<std::pair<int32_t, int32_t>, uint32_t> places;
  for (size_t i = 0; i < cells.size(); ++i) {
    for (const Cell& cell : cells[i]) {
      const auto [at, fresh] = places.emplace(std::pair(cell.gold, cell.predicted),
                                              uint32_t(distinct_.size()));
      if (fresh) distinct_.push_back(cell);
      cells_[size_t(groups[i])].push_back(at->second);
    }
  }
}

void UnitCells::count(std::span<const int32_t> times, Confusion& into) const {
  RELATUM_CHECK(times.size() == cells_.size());
  std::vector<int64_t> counts(distinct_.size());
  for (size_t unit = 0; unit < times.size(); ++unit) {
    if (times[unit] == 0) continue;
    for (const uint32_t cell : cells_[unit]) counts[cell] += times[unit];
  }
  into.clear();
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) into.add(distinct_[i].gold, distinct_[i].predicted, counts[i]);
  }
}

UnitAccuracy::UnitAccuracy(const std::vector<bool>& right, std::span<const int64_t> groups,
                           uint64_t units)
    : right_(units), all_(units) {
  for (size_t i = 0; i < groups.size(); ++i) {
    right_[size_t(groups[i])] += right[i];
    ++all_[size_t(groups[i])];
  }
}

double UnitAccuracy::of(std::span<const int32_t> times) const {
  int64_t hits = 0, total = 0;
  for (size_t unit = 0; unit < times.size(); ++unit) {
    hits += times[unit] * right_[unit];
    total += times[unit] * all_[unit];
  }
  return double(hits) / double(total);
}

std::optional<Intervals> bootstrap_all(const Confusion& counts,
                                       std::span<const std::vector<Cell>> cells,
                                       const std::vector<bool>& right,
                                       std::span<const int64_t> groups,
                                       const BootstrapOptions& options) {
  RELATUM_CHECK(options.samples > 0 && right.size() == cells.size());
  const UnitCells units(cells, groups);
  if (units.units() < 2) return std::nullopt;
  const UnitAccuracy answers(right, groups, units.units());
  std::vector<const Metric*> applying;
  for (const Metric* each : metrics()) applying.push_back(each->compute(counts) ? each : nullptr);
  Confusion drawn(counts.labels(), counts.negative(), counts.scope());
  std::vector<std::vector<double>> figures(applying.size());
  std::vector<double> accuracies;
  for (int64_t sample = 0; sample < options.samples; ++sample) {
    const std::vector<int32_t> times = draw_units(options.seed, sample, units.units());
    units.count(times, drawn);
    for (size_t m = 0; m < applying.size(); ++m) {
      if (!applying[m]) continue;
      figures[m].push_back(applying[m]->compute(drawn).value_or(Scores{}).f1);
    }
    accuracies.push_back(answers.of(times));
  }
  Intervals intervals;
  for (std::vector<double>& each : figures) {
    intervals.metrics.push_back(
        each.empty() ? std::nullopt : std::optional(interval_of(std::move(each), units.units())));
  }
  intervals.accuracy = interval_of(std::move(accuracies), units.units());
  return intervals;
}

}  // namespace relatum::task
