// Words that give a relation away: by them a sentence says it, or leaves it to be understood.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "task/example.h"
#include "task/words.h"

namespace relatum::task {

/// Cues of each relation, direction aside, as labelled sentences have them. A word is a cue of a
/// relation if, of the sentences where it stands in the surroundings of the pair
/// (Surroundings::context), at least kFewest have that relation, and their share is at least
/// halfway between the relation's share of all sentences and 1.
class CueWords {
 public:
  static constexpr int64_t kFewest = 3;

  /// Examples without a label are passed over; `negative` is no relation and has no cues.
  CueWords(std::span<const Example> examples, const std::optional<std::string>& negative);

  /// Whether one of the words is a cue of one of the labels. `own`: the example is one of those
  /// that were counted, and its own words are left out of the counts.
  bool is_explicit(const Surroundings& around, std::span<const std::string> labels, bool own) const;
  /// The most frequent cues of each relation.
  std::map<std::string, std::vector<std::string>> strongest(size_t most) const;
  int64_t sentences() const { return sentences_; }

 private:
  struct Counts {
    int64_t all = 0;
    std::map<std::string, int64_t> by_relation;
  };
  bool is_cue(const Counts& counts, const std::string& relation, int64_t taken) const;

  std::unordered_map<std::string, Counts> words_;
  std::map<std::string, int64_t> relations_;
  int64_t sentences_ = 0;
};

}  // namespace relatum::task
