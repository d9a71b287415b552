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

Confusion::Confusion(const Labels& labels, std::optional<int32_t> negative)
    : labels_(&labels),
      negative_(negative),
      size_(int32_t(labels.size())),
      counts_(size_t(size_) * size_t(size_ + 1)) {}

Confusion::Confusion(const Labels& labels, std::optional<int32_t> negative,
                     std::span<const int32_t> gold, std::span<const int32_t> predicted)
    : Confusion(labels, negative) {
  RELATUM_CHECK(gold.size() == predicted.size());
  for (size_t i = 0; i < gold.size(); ++i) add(gold[i], predicted[i]);
}

void Confusion::add(int32_t gold, int32_t predicted, int64_t count) {
  const int32_t column = predicted == kNone ? size_ : predicted;
  counts_[size_t(gold) * size_t(size_ + 1) + size_t(column)] += count;
}

void Confusion::clear() { std::fill(counts_.begin(), counts_.end(), int64_t{0}); }

int64_t Confusion::at(int32_t gold, int32_t predicted) const {
  const int32_t column = predicted == kNone ? size_ : predicted;
  return counts_[size_t(gold) * size_t(size_ + 1) + size_t(column)];
}

int64_t Confusion::gold_count(int32_t label) const {
  int64_t sum = at(label, kNone);
  for (int32_t p = 0; p < size_; ++p) sum += at(label, p);
  return sum;
}

int64_t Confusion::predicted_count(int32_t label) const {
  int64_t sum = 0;
  for (int32_t g = 0; g < size_; ++g) sum += at(g, label);
  return sum;
}

int64_t Confusion::total() const {
  int64_t sum = 0;
  for (const int64_t count : counts_) sum += count;
  return sum;
}

int64_t Confusion::unparsed() const { return predicted_count(kNone); }

int64_t Confusion::correct() const {
  int64_t sum = 0;
  for (int32_t i = 0; i < size_; ++i) sum += at(i, i);
  return sum;
}

}  // namespace relatum::task
