// The best of a ranking, without what is too much like one that was taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace relatum::task {

/// Tells whether a candidate is like one that was taken.
class LikeTaken {
 public:
  virtual ~LikeTaken() = default;
  /// Asked of each candidate once, in the order of the ranking.
  virtual bool is_like_taken(size_t candidate) = 0;
  /// The candidate that was asked about last was taken.
  virtual void take(size_t candidate) = 0;
};

struct DiverseChoice {
  std::vector<size_t> chosen;  ///< in the order of the ranking, but `filled` last
  int64_t passed_over = 0;     ///< candidates that are like a chosen one and are not chosen
  int64_t filled = 0;          ///< such that were chosen, as no others were left
};

/// Goes down the ranking and takes what is not like anything taken, up to `count`. Where too few
/// are left, those that were passed over fill up, in the order of the ranking.
DiverseChoice choose_diverse(std::span<const size_t> ranked, size_t count, LikeTaken& like);

/// Which texts were taken, by their words.
class WordsTaken {
 public:
  /// The most words that the text has in common with one that was taken, as a share of the words
  /// that either has (Jaccard's index); 0 for a text without words. Each word counts once, in lower
  /// case.
  double similarity(std::string_view text) const;
  void take(std::string_view text);

 private:
  std::vector<size_t> sizes_;                                     // distinct words by text
  std::unordered_map<std::string, std::vector<uint32_t>> texts_;  // by word
};

}  // namespace relatum::task
