// The texts that can be suggested, kept on disk, with what a model answered for their pairs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/scratch_file.h"
#include "task/document.h"
#include "task/place.h"
#include "task/suggestion.h"

namespace relatum::jobs {

/// A unit is a document, or all rows of pairs that have one text. Memory is some 200 bytes a unit
/// and 50 a row; texts and probabilities are in files of their own.
class SuggestUnits {
 public:
  /// Hands on the pairs of a document, the same ones each time it is asked; their ids are
  /// DOCUMENT:HEAD:TAIL.
  using MakePairs = std::function<void(const task::Document& document,
                                       const std::function<void(task::Example&&)>& take)>;
  /// `make_pairs`: of documents that are none themselves. `labels`: how many. Their files are made
  /// in `folder`.
  SuggestUnits(const std::filesystem::path& folder, MakePairs make_pairs, int64_t labels);

  /// Takes a document without its labels. One without a pair is counted and left out.
  void add(task::Document&& document);

  size_t size() const { return units_.size(); }
  int64_t pairs() const { return pairs_; }
  int64_t without_pair() const { return without_pair_; }
  /// Whether a row was a document, and not a pair.
  bool has_documents() const { return has_documents_; }

  /// What a pair is, and whose.
  struct Pair {
    size_t unit;
    int64_t number;  ///< from 0, in the order of the data
    task::Example example;
  };
  /// Hands on all pairs in the order of the data, or those of units that are `wanted`.
  void each_pair(const std::vector<bool>& wanted, const std::function<void(Pair&&)>& take) const;

  int64_t count_pairs(const std::vector<bool>& wanted) const;

  /// Keeps the probabilities of a pair.
  void keep(int64_t pair, std::span<const double> probabilities);
  /// Whether a pair of the unit has kept ones.
  bool answered(size_t unit) const;

  /// The plain text of a unit.
  std::string text(size_t unit) const;
  /// The largest uncertainty of each unit's pairs; -1 where none was kept.
  std::vector<double> values(task::Uncertainty by) const;
  /// A unit with its pairs, but for pairs whose probabilities were not kept.
  task::Suggestion suggestion(size_t unit) const;

 private:
  struct Record {
    uint64_t place = 0;
    uint32_t bytes = 0, pairs = 0;
    int64_t first_pair = 0;
    task::Places::Kept source;
    uint32_t unit = 0;
  };
  task::Document read(const Record& record) const;
  void pairs_of(const task::Document& document,
                const std::function<void(task::Example&&)>& take) const;
  std::optional<std::vector<double>> kept(int64_t pair) const;

  MakePairs make_pairs_;
  int64_t labels_, pairs_ = 0, without_pair_ = 0;
  bool has_documents_ = false;
  ScratchFile documents_, probabilities_;
  uint64_t written_ = 0;
  task::Places sources_;
  std::vector<Record> records_;
  std::vector<std::vector<uint32_t>> units_;           // the records of each
  std::unordered_map<std::string, uint32_t> by_text_;  // SHA-256 of the texts of pairs
  std::vector<bool> kept_;                             // by pair
};

}  // namespace relatum::jobs
