// Groups by document and text, then a greedy choice of the emptiest part.
#include "task/folds.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/error.h"
#include "base/rng.h"

namespace relatum::task {
namespace {

constexpr uint64_t kFoldStream = 13;  // apart from the sample's and the hold-out's draws

// How many rows of each label a part has.
struct Part {
  std::map<std::string, int64_t> labels;
  int64_t size = 0;
};

}  // namespace

std::vector<std::vector<int64_t>> whole_groups(std::span<const Example> examples) {
  // Each example's way to the first of its group.
  std::vector<size_t> towards(examples.size());
  const auto first_of = [&](size_t i) {
    while (towards[i] != i) i = towards[i] = towards[towards[i]];
    return i;
  };
  std::unordered_map<std::string, size_t> texts, documents;
  for (size_t i = 0; i < examples.size(); ++i) {
    towards[i] = i;
    const auto join = [&](std::unordered_map<std::string, size_t>& seen, std::string name) {
      const size_t other = first_of(seen.emplace(std::move(name), i).first->second);
      const size_t own = first_of(i);
      towards[std::max(own, other)] = std::min(own, other);
    };
    join(texts, normalised_text(examples[i].text));
    if (!examples[i].document.empty()) join(documents, examples[i].document);
  }
  std::vector<std::vector<int64_t>> groups;
  std::vector<size_t> group_of(examples.size());
  for (size_t i = 0; i < examples.size(); ++i) {
    const size_t first = first_of(i);
    if (first == i) {
      group_of[i] = groups.size();
      groups.emplace_back();
    }
    groups[group_of[first]].push_back(int64_t(i));
  }
  return groups;
}

std::vector<std::vector<int64_t>> text_groups(std::span<const Example> examples) {
  std::vector<std::vector<int64_t>> groups;
  std::unordered_map<std::string, size_t> group_of;
  for (size_t i = 0; i < examples.size(); ++i) {
    const auto [at, fresh] = group_of.emplace(normalised_text(examples[i].text), groups.size());
    if (fresh) groups.emplace_back();
    groups[at->second].push_back(int64_t(i));
  }
  return groups;
}

std::vector<int64_t> assign_folds(std::span<const Example> examples, int64_t count, uint64_t seed) {
  auto groups = whole_groups(examples);
  if (count < 2 || count > int64_t(groups.size())) {
    fail("task.folds", fmt::format("cannot cut {} examples with {} different texts or documents "
                                   "into {} parts: expected at least 2 and no more than there are "
                                   "of these. Choose another --folds.",
                                   examples.size(), groups.size(), count));
  }
  Rng(seed, kFoldStream).shuffle(groups);
  std::ranges::stable_sort(groups, std::greater{}, [](const auto& group) { return group.size(); });
  std::map<std::string, int64_t> all;
  for (const Example& example : examples) ++all[label_of(example)];
  std::vector<Part> parts(static_cast<size_t>(count));
  std::vector<int64_t> result(examples.size());
  for (const auto& group : groups) {
    std::map<std::string, int64_t> own;
    for (const int64_t i : group) ++own[label_of(examples[size_t(i)])];
    // What the squares of a label's shares in the parts would grow by, over all labels; of one row
    // that is in order of the label's counts.
    const auto cost = [&](const Part& part) {
      double sum = 0;
      for (const auto& [label, rows] : own) {
        const auto at = part.labels.find(label);
        const double there = at == part.labels.end() ? 0 : double(at->second);
        sum += double(rows) * there / double(all[label]);
      }
      return std::pair(sum, part.size);
    };
    const auto best = std::ranges::min_element(parts, {}, cost);
    for (const auto& [label, rows] : own) best->labels[label] += rows;
    best->size += int64_t(group.size());
    for (const int64_t i : group) result[size_t(i)] = best - parts.begin();
  }
  return result;
}

std::string label_of(const Example& example) { return example.label.value_or(""); }

std::map<std::string, int64_t> label_counts(std::span<const Example> examples) {
  std::map<std::string, int64_t> counts;
  for (const Example& example : examples) ++counts[label_of(example)];
  return counts;
}

std::vector<std::string> labels_below(std::span<const Example> examples, int64_t count) {
  std::vector<std::string> names;
  for (const auto& [label, rows] : label_counts(examples)) {
    if (rows < count) names.push_back(label);
  }
  return names;
}

}  // namespace relatum::task
