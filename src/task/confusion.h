// How often which gold label got which answer: all that the metrics look at.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "task/labels.h"

namespace relatum::task {

/// Precision, recall and F1 as fractions.
struct Scores {
  double precision = 0, recall = 0, f1 = 0;
};

/// Scores from counts; 0 where a denominator is 0.
Scores scores_of(int64_t correct, int64_t predicted, int64_t gold);

/// One count: a gold label and what was answered in its place, as indices.
struct Cell {
  int32_t gold = 0, predicted = 0;
};

/// Which part of the labels decides what a figure is made of. The labels of a confusion stand in
/// this order: the closed inventory (or, where there is none, the gold's labels), gold labels that
/// a closed inventory lacks, and labels that answers alone have.
struct LabelScope {
  int32_t inventory = 0;  ///< labels [0, inventory) tell which figures apply
  int32_t known = 0;      ///< labels [0, known) are the gold's or the inventory's
};

/// A count per (gold, predicted) pair of label indices. Predicted kNone: no label was predicted in
/// place of the gold one. Gold kNone: an answer that stands beside the gold labels of a pair with
/// several answers. Takes memory for the pairs that occur, however many labels there are. `labels`
/// must outlive it. No-one else checks the indices: they are the caller's word.
class Confusion {
 public:
  static constexpr int32_t kNone = -1;
  struct Entry {
    Cell cell;
    int64_t count = 0;
  };

  /// Without a scope, all labels are the inventory's.
  Confusion(const Labels& labels, std::optional<int32_t> negative,
            std::optional<LabelScope> scope = {});
  Confusion(const Labels& labels, std::optional<int32_t> negative, std::span<const int32_t> gold,
            std::span<const int32_t> predicted);

  void add(int32_t gold, int32_t predicted, int64_t count = 1);
  void add(std::span<const Cell> cells);
  void clear();
  int64_t at(int32_t gold, int32_t predicted) const;
  /// All pairs that occur, by gold, then by predicted index (kNone first).
  std::vector<Entry> entries() const;
  int64_t gold_count(int32_t label) const { return golds_[size_t(label)]; }
  int64_t predicted_count(int32_t label) const { return answers_[size_t(label)]; }
  int64_t golds() const { return gold_total_; }      ///< gold labels, over all pairs
  int64_t answers() const { return answer_total_; }  ///< predicted labels, over all pairs
  int64_t correct() const { return hit_total_; }
  int32_t size() const { return size_; }
  const Labels& labels() const { return *labels_; }
  const LabelScope& scope() const { return scope_; }
  /// Index of the label that means "no relation", where the gold or the inventory has one.
  std::optional<int32_t> negative() const { return negative_; }

 private:
  static uint64_t key(int32_t gold, int32_t predicted) {
    return uint64_t(uint32_t(gold + 1)) << 32 | uint32_t(predicted + 1);
  }

  const Labels* labels_;
  std::optional<int32_t> negative_;
  int32_t size_;
  LabelScope scope_;
  int64_t gold_total_ = 0, answer_total_ = 0, hit_total_ = 0;
  std::vector<int64_t> golds_, answers_, hits_;   // per label
  std::unordered_map<uint64_t, int64_t> misses_;  // by key(); what is no hit
};

/// The counts of one pair of entities. Labels are distinct on either side. A label that is both
/// gold and predicted is a hit; what is left on both sides is paired in order, so that a pair with
/// one gold label and one answer is one cell; the rest stands against kNone. So each gold label and
/// each answer counts once. Without gold and answer there is no cell.
std::vector<Cell> cells_of(std::span<const int32_t> gold, std::span<const int32_t> predicted);

}  // namespace relatum::task
