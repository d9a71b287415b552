// Counts of (gold, predicted) pairs and their sums.
#include "task/confusion.h"

#include <algorithm>

#include "base/error.h"

namespace relatum::task {

Scores scores_of(int64_t correct, int64_t predicted, int64_t gold) {
  Scores scores;
  if (predicted > 0) scores.precision = double(correct) / double(predicted);
  if (gold > 0) scores.recall = double(correct) / double(gold);
  // 2PR / (P + R) without rounding twice.
  if (predicted + gold > 0) scores.f1 = 2.0 * double(correct) / double(predicted + gold);
  return scores;
}

Confusion::Confusion(const Labels& labels, std::optional<int32_t> negative,
                     std::optional<LabelScope> scope)
    : labels_(&labels), negative_(negative), size_(int32_t(labels.size())),
      scope_(scope.value_or(LabelScope{size_, size_})), golds_(size_t(size_)),
      answers_(size_t(size_)), hits_(size_t(size_)) {}

Confusion::Confusion(const Labels& labels, std::optional<int32_t> negative,
                     std::span<const int32_t> gold, std::span<const int32_t> predicted)
    : Confusion(labels, negative) {
  RELATUM_CHECK(gold.size() == predicted.size());
  for (size_t i = 0; i < gold.size(); ++i) add(gold[i], predicted[i]);
}

void Confusion::add(int32_t gold, int32_t predicted, int64_t count) {
  if (gold != kNone) {
    golds_[size_t(gold)] += count;
    gold_total_ += count;
  }
  if (predicted != kNone) {
    answers_[size_t(predicted)] += count;
    answer_total_ += count;
  }
  if (gold != predicted) {
    misses_[key(gold, predicted)] += count;
  } else if (gold != kNone) {
    hits_[size_t(gold)] += count;
    hit_total_ += count;
  }
}

void Confusion::add(std::span<const Cell> cells) {
  for (const Cell& cell : cells) add(cell.gold, cell.predicted);
}

void Confusion::clear() {
  for (auto* counts : {&golds_, &answers_, &hits_}) {
    std::fill(counts->begin(), counts->end(), int64_t{0});
  }
  misses_.clear();
  gold_total_ = answer_total_ = hit_total_ = 0;
}

int64_t Confusion::at(int32_t gold, int32_t predicted) const {
  if (gold == predicted) return gold == kNone ? 0 : hits_[size_t(gold)];
  const auto at = misses_.find(key(gold, predicted));
  return at == misses_.end() ? 0 : at->second;
}

std::vector<Confusion::Entry> Confusion::entries() const {
  std::vector<Entry> all;
  for (int32_t i = 0; i < size_; ++i) {
    if (hits_[size_t(i)] > 0) all.push_back({{i, i}, hits_[size_t(i)]});
  }
  for (const auto& [key, count] : misses_) {
    if (count > 0) all.push_back({{int32_t(key >> 32) - 1, int32_t(key & 0xffffffffu) - 1}, count});
  }
  std::sort(all.begin(), all.end(), [](const Entry& a, const Entry& b) {
    return key(a.cell.gold, a.cell.predicted) < key(b.cell.gold, b.cell.predicted);
  });
  return all;
}

std::vector<Cell> cells_of(std::span<const int32_t> gold, std::span<const int32_t> predicted) {
  const auto in = [](std::span<const int32_t> labels, int32_t label) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
  };
  std::vector<Cell> cells;
  std::vector<int32_t> missed, wrong;
  for (const int32_t label : gold) {
    if (in(predicted, label)) {
      cells.push_back({label, label});
    } else {
      missed.push_back(label);
    }
  }
  for (const int32_t label : predicted) {
    if (!in(gold, label)) wrong.push_back(label);
  }
  for (size_t i = 0; i < std::max(missed.size(), wrong.size()); ++i) {
    cells.push_back({i < missed.size() ? missed[i] : Confusion::kNone,
                     i < wrong.size() ? wrong[i] : Confusion::kNone});
  }
  return cells;
}

}  // namespace relatum::task
