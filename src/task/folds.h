// Cuts examples into parts for cross-validation, the same way for the same seed.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "task/example.h"

namespace relatum::task {

/// Examples that stay together wherever data are split: those of one document, those whose texts
/// are equal after normalised_text(), and what these join. Groups by first appearance, each with
/// ascending indices.
std::vector<std::vector<int64_t>> whole_groups(std::span<const Example> examples);
/// The same by texts alone, as versions cut that knew of no documents.
std::vector<std::vector<int64_t>> text_groups(std::span<const Example> examples);

/// An example's label; "" where it has none.
std::string label_of(const Example& example);
/// How many examples each label has.
std::map<std::string, int64_t> label_counts(std::span<const Example> examples);

/// Stratified group k-fold: each example's part, 0 to `count` - 1. The whole_groups(), in an order
/// drawn by the seed and large ones first, each go to the part that has fewest of their labels, for
/// its size the least where several have. So where each group is one row, the parts' counts of a
/// label differ by one at most. Examples without a label are one class. Throws Error unless
/// 2 <= count <= the number of groups.
std::vector<int64_t> assign_folds(std::span<const Example> examples, int64_t count, uint64_t seed);

/// Labels with fewer rows than parts, so that some part has none of them; in order of names.
std::vector<std::string> labels_below(std::span<const Example> examples, int64_t count);

}  // namespace relatum::task
