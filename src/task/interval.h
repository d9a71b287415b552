// How sure a figure is: a bootstrap over sentences.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "task/confusion.h"
#include "task/example.h"
#include "task/metric.h"

namespace relatum::task {

/// Percentile bootstrap of a figure.
struct Interval {
  double low = 0, high = 0, level = 0.95;
  int64_t samples = 0;
  int64_t units = 0;  ///< texts (sentences, or documents) that were drawn from
};

struct BootstrapOptions {
  int64_t samples = 1000;
  uint64_t seed = 1;
};

/// What is drawn together: the examples of one document where the format names documents, else
/// those whose texts are equal (normalised_text). Pairs of one sentence are right or wrong
/// together, so rows drawn one by one would make the interval too narrow. A group's number for each
/// example, numbered by first appearance; without repeated texts, the examples' own numbers.
std::vector<int64_t> sentence_groups(std::span<const Example> examples);

/// How often each of `units` texts is drawn when as many get drawn with replacement. Sample i of a
/// seed is the same for everything that is measured on the same texts, so figures of two systems
/// are paired.
std::vector<int32_t> draw_units(uint64_t seed, int64_t sample, uint64_t units);

/// The cells of each text, so that a draw of texts becomes counts in one pass.
class UnitCells {
 public:
  /// `cells` and `groups`: per example.
  UnitCells(std::span<const std::vector<Cell>> cells, std::span<const int64_t> groups);
  uint64_t units() const { return cells_.size(); }
  /// Replaces the counts of `into` by those of texts that were drawn so often each.
  void count(std::span<const int32_t> times, Confusion& into) const;

 private:
  std::vector<Cell> distinct_;
  std::vector<std::vector<uint32_t>> cells_;  // per unit, by place in distinct_
};

/// Accuracy of draws of texts.
class UnitAccuracy {
 public:
  /// `right` and `groups`: per example.
  UnitAccuracy(const std::vector<bool>& right, std::span<const int64_t> groups, uint64_t units);
  /// Share of right examples where texts were drawn so often each.
  double of(std::span<const int32_t> times) const;

 private:
  std::vector<int64_t> right_, all_;  // per unit
};

/// The value below which `share` of the sorted values lie, interpolated as numpy does by default.
double percentile(std::span<const double> sorted, double share);
/// Between the percentiles of figures in any order.
Interval interval_of(std::vector<double> figures, uint64_t units);

/// Intervals of many figures from the same draws.
struct Intervals {
  std::vector<std::optional<Interval>> metrics;  ///< of each F1, in the order of metrics()
  Interval accuracy;
};

/// Percentile intervals of all metrics that apply, and of the share of examples that are `right`,
/// when as many groups as there are get drawn with replacement (cluster bootstrap; Field & Welsh
/// 2007). `cells`, `right`, `groups`: per example. Nothing for a single group, of which every draw
/// is the same. `counts` gives labels, negative label and scope.
std::optional<Intervals> bootstrap_all(const Confusion& counts,
                                       std::span<const std::vector<Cell>> cells,
                                       const std::vector<bool>& right,
                                       std::span<const int64_t> groups,
                                       const BootstrapOptions& options = {});

}  // namespace relatum::task
