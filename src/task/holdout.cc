// Draws groups of equal texts until enough examples are held out.
#include "task/holdout.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/rng.h"

namespace relatum::task {
namespace {

constexpr uint64_t kHoldoutStream = 12;  // apart from the sample's and the trainer's draws

}  // namespace

Split hold_out(std::span<const Example> examples, int64_t count, uint64_t seed) {
  const auto total = int64_t(examples.size());
  if (count <= 0 || count >= total) {
    fail("task.holdout", fmt::format("cannot hold out {} of {} examples: expected at least 1 and "
                                     "fewer than all. Choose another --holdout.",
                                     count, total));
  }
  std::vector<std::vector<int64_t>> groups;
  std::unordered_map<std::string, size_t> group_of;
  for (int64_t i = 0; i < total; ++i) {
    const auto [at, fresh] = group_of.emplace(normalised_text(examples[size_t(i)].text),
                                              groups.size());
    if (fresh) groups.emplace_back();
    groups[at->second].push_back(i);
  }
  Rng(seed, kHoldoutStream).shuffle(groups);
  Split split;
  for (const auto& group : groups) {
    const bool fits = int64_t(split.held_out.size() + group.size()) <= count;
    auto& side = fits ? split.held_out : split.kept;
    side.insert(side.end(), group.begin(), group.end());
  }
  if (split.held_out.empty()) {
    fail("task.holdout", fmt::format("cannot hold out {} of {} examples: each text occurs more "
                                     "often than that, and rows of one text stay together. Choose "
                                     "a larger --holdout.",
                                     count, total));
  }
  std::sort(split.kept.begin(), split.kept.end());
  std::sort(split.held_out.begin(), split.held_out.end());
  return split;
}

}  // namespace relatum::task
