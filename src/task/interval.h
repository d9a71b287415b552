// How sure a figure is: a bootstrap over sentences.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "task/confusion.h"
#include "task/example.h"
#include "task/metric.h"

namespace relatum::task {

/// Percentile bootstrap of the official F1.
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

/// The percentile interval of a metric's F1 when as many groups as there are get drawn with
/// replacement (cluster bootstrap; Field & Welsh 2007). `cells`: per example. Nothing for a single
/// group, of which every draw is the same. `counts` gives labels, negative label and scope.
std::optional<Interval> bootstrap(const Metric& metric, const Confusion& counts,
                                  std::span<const std::vector<Cell>> cells,
                                  std::span<const int64_t> groups,
                                  const BootstrapOptions& options = {});

}  // namespace relatum::task
