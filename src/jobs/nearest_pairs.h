// The nearest pairs of a window's mentions, chosen without holding all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "graph/document_result.h"
#include "graph/windows.h"

namespace relatum::jobs {

/// A document's mentions as numbers: what is alike has one number.
struct PairMentions {
  explicit PairMentions(const graph::DocumentResult& result);

  std::vector<graph::Stretch> spans;
  std::vector<size_t> place, type, thing;  ///< of span, of type, of type, name and gazetteer's id
  std::vector<size_t> named;               ///< for each type a mention that has it
  bool in_order = true;                    ///< by their start

  /// An edge has two ends: mentions of one span are no pair, nor are those of one thing.
  bool are_one(size_t a, size_t b) const { return place[a] == place[b] || thing[a] == thing[b]; }
};

/// Code points between two stretches; 0 where they overlap.
int64_t distance(const graph::Stretch& a, const graph::Stretch& b);

/// The ways in which a pair is asked.
struct Directions {
  bool forward = false, backward = false;
  int64_t questions() const { return int64_t(forward) + int64_t(backward); }
};

struct PairLimits {
  std::optional<int64_t> most_distance;
  size_t most_pairs = 0;
  /// Of mentions of these types, by their numbers, the first one's first.
  std::function<Directions(size_t first, size_t second)> directions;
};

/// Two mentions, the earlier one of the document's list first.
struct NearPair {
  int64_t distance;
  size_t first, second;
  Directions directions;
};

struct NearestPairs {
  std::vector<NearPair> nearest;  ///< by their mentions
  int64_t pairs = 0;              ///< the window's own, whatever their types and distance
  int64_t questions = 0;          ///< that their types have
  int64_t near = 0;               ///< of these the ones within most_distance
};

/// Of a window's own pairs (Windows::each) that have a question the `most_pairs` nearest ones, of
/// equally near ones the earlier. Memory is that of the mentions and of what is chosen. Time is
/// that of sorting, of the mentions times their types, of the pairs within `most_distance` where
/// there is one, and else of what lies nearer than the farthest that is chosen.
NearestPairs nearest_pairs(const PairMentions& mentions, std::span<const graph::Windows::Held> held,
                           const PairLimits& limits);

}  // namespace relatum::jobs
