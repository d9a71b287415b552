// What looks wrong in rows that can be read all the same, for a warning.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "task/example.h"
#include "task/labels.h"
#include "task/place.h"

namespace relatum::task {

/// One of them: where it stands, as BadRow has it, and what is odd about it.
struct OddRow {
  int64_t line = 0;
  std::string what, file;
  int64_t row = 0;
};
/// Rows of one kind: how many, and the first of them.
struct OddRows {
  int64_t rows = 0;
  std::vector<OddRow> first{};
};
/// What looks wrong in rows, by its kind.
struct OddKinds {
  OddRows cut, same, overlap, twice, contrary;
};

/// Looks at rows as they pass and keeps a few numbers of each: entities that cut words, are the
/// same place or overlap, rows that repeat or contradict earlier ones, labels that differ by case.
class DataWarnings {
 public:
  /// `labels`: the inventory as far as it is known.
  void add(const Example& example, const Labels& labels);
  /// One sentence for each kind, with counts and first lines.
  std::vector<std::string> sentences(const Labels& labels) const;
  const OddKinds& odd() const { return odd_; }

 private:
  /// A row that was seen; rows are told apart by the hash of what people see of them.
  struct Seen {
    Places::Kept place;
    uint64_t labels = 0;  // hash of the set; 0: none
    uint32_t first = 0;   // its first label in names_
  };
  void check_spans(const Example& example);
  void check_repeats(const Example& example);
  uint32_t name_of(const std::string& label);

  OddKinds odd_;
  std::unordered_map<uint64_t, Seen> seen_;
  Places seen_places_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, uint32_t> places_;  // in names_
  std::set<std::string> unlisted_;
};

}  // namespace relatum::task
