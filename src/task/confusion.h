// How often which gold label got which answer: all that the metrics look at.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "task/labels.h"

namespace relatum::task {

/// Precision, recall and F1 as fractions.
struct Scores {
  double precision = 0, recall = 0, f1 = 0;
};

/// Scores from counts; 0 where a denominator is 0.
Scores scores_of(int64_t correct, int64_t predicted, int64_t gold);

/// A count per (gold, predicted) pair of label indices; predicted kNone: no label was predicted.
/// `labels` must outlive it. No-one else checks the indices: they are the caller's word.
class Confusion {
 public:
  static constexpr int32_t kNone = -1;
  Confusion(const Labels& labels, std::optional<int32_t> negative);
  Confusion(const Labels& labels, std::optional<int32_t> negative, std::span<const int32_t> gold,
            std::span<const int32_t> predicted);

  void add(int32_t gold, int32_t predicted, int64_t count = 1);
  void clear();
  int64_t at(int32_t gold, int32_t predicted) const;
  int64_t gold_count(int32_t label) const;
  int64_t predicted_count(int32_t label) const;
  int64_t total() const;
  int64_t unparsed() const;
  int64_t correct() const;
  int32_t size() const { return size_; }
  const Labels& labels() const { return *labels_; }
  /// Index of the label that means "no relation", where the inventory has one.
  std::optional<int32_t> negative() const { return negative_; }

 private:
  const Labels* labels_;
  std::optional<int32_t> negative_;
  int32_t size_;
  std::vector<int64_t> counts_;  // size x (size + 1), kNone in the last column
};

}  // namespace relatum::task
