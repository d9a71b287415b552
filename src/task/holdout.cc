// Draws groups that stay together until enough examples are held out.
#include "task/holdout.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/error.h"
#include "base/rng.h"
#include "task/folds.h"

namespace relatum::task {
namespace {

constexpr uint64_t kHoldoutStream = 12;  // apart from the sample's and the trainer's draws

using Groups = std::vector<std::vector<int64_t>>;

Groups drawn_groups(std::span<const Example> examples, Groups groups, int64_t count,
                    uint64_t seed) {
  const auto total = int64_t(examples.size());
  if (count <= 0 || count >= total) {
    fail("task.holdout", fmt::format("cannot hold out {} of {} examples: expected at least 1 and "
                                     "fewer than all. Choose another number.",
                                     count, total));
  }
  Rng(seed, kHoldoutStream).shuffle(groups);
  return groups;
}

// Holds out each group of `order` that still fits, but those that `held` marks already.
Split filled(const Groups& groups, std::vector<bool> held, int64_t size, int64_t count,
             int64_t total) {
  for (size_t g = 0; g < groups.size(); ++g) {
    const auto rows = int64_t(groups[g].size());
    if (held[g] || size + rows > count) continue;
    held[g] = true;
    size += rows;
  }
  Split split;
  for (size_t g = 0; g < groups.size(); ++g) {
    auto& side = held[g] ? split.held_out : split.kept;
    side.insert(side.end(), groups[g].begin(), groups[g].end());
  }
  if (split.held_out.empty()) {
    fail("task.holdout", fmt::format("cannot hold out {} of {} examples: each text or document "
                                     "has more rows than that, and they stay together. Choose a "
                                     "larger --holdout.",
                                     count, total));
  }
  std::sort(split.kept.begin(), split.kept.end());
  std::sort(split.held_out.begin(), split.held_out.end());
  return split;
}

// How many rows of each label are to be held out.
std::map<std::string, int64_t> quotas(std::span<const Example> examples, int64_t count) {
  std::map<std::string, int64_t> all = label_counts(examples), quota;
  std::vector<std::pair<double, std::string>> remainders;
  int64_t left = count;
  for (const auto& [label, rows] : all) {
    const double share = double(count) * double(rows) / double(examples.size());
    quota[label] = std::min(int64_t(share), rows - 1);
    left -= quota[label];
    remainders.emplace_back(share - double(int64_t(share)), label);
  }
  std::ranges::stable_sort(remainders, std::greater{}, [](const auto& each) { return each.first; });
  for (const auto& [remainder, label] : remainders) {
    if (left <= 0) break;
    if (quota[label] + 1 >= all[label]) continue;  // some are to be learned from
    ++quota[label];
    --left;
  }
  return quota;
}

// Of each label its share; `groups` in the order in which they are drawn.
Split held_by_label(std::span<const Example> examples, const Groups& groups, int64_t count) {
  std::map<std::string, int64_t> left = quotas(examples, count);
  std::vector<bool> held(groups.size(), false);
  int64_t size = 0;
  for (size_t g = 0; g < groups.size(); ++g) {
    std::map<std::string, int64_t> own;
    for (const int64_t i : groups[g]) ++own[label_of(examples[size_t(i)])];
    const bool fits = std::ranges::all_of(
        own, [&](const auto& entry) { return entry.second <= left[entry.first]; });
    if (!fits) continue;
    for (const auto& [label, rows] : own) left[label] -= rows;
    held[g] = true;
    size += int64_t(groups[g].size());
  }
  return filled(groups, std::move(held), size, count, int64_t(examples.size()));
}

}  // namespace

Split hold_out(std::span<const Example> examples, int64_t count, uint64_t seed) {
  const Groups groups = drawn_groups(examples, whole_groups(examples), count, seed);
  return held_by_label(examples, groups, count);
}

Split hold_out_by_text(std::span<const Example> examples, int64_t count, uint64_t seed) {
  const Groups groups = drawn_groups(examples, text_groups(examples), count, seed);
  return held_by_label(examples, groups, count);
}

Split hold_out_regardless(std::span<const Example> examples, int64_t count, uint64_t seed) {
  const Groups groups = drawn_groups(examples, text_groups(examples), count, seed);
  return filled(groups, std::vector<bool>(groups.size(), false), 0, count,
                int64_t(examples.size()));
}

}  // namespace relatum::task
