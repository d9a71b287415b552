// The list of labels that a training prompt shows: whole, in another order, or a part of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace relatum::task {

/// What --label-list takes. full: all labels in their order, as answers are asked for; shuffled:
/// all in random order; sampled: a random number of them, in random order, the needed ones always
/// among them.
inline constexpr const char* kFullList = "full";
inline constexpr const char* kShuffledList = "shuffled";
inline constexpr const char* kSampledList = "sampled";

/// The labels of one row, by their places among `count`, drawn by the seed and the row's name
/// alone. `needed`: the right answer, and others that the prompt shows. A sampled list has at least
/// two labels where there are two, and each size from there on is equally likely, but that it has
/// all needed ones. `kind` is kShuffledList or kSampledList.
std::vector<int64_t> draw_label_list(const std::string& kind, int64_t count,
                                     std::span<const int64_t> needed, uint64_t seed,
                                     const std::string& row);

}  // namespace relatum::task
