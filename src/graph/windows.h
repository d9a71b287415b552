// Several sentences that are asked together.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "task/document.h"

namespace relatum::graph {

/// Every run of `count` sentences that follow one another is a window; all of them are one where
/// there are fewer. So windows overlap, and a pair of spans may lie in several: it belongs to the
/// first that holds both, and is asked there alone.
class Windows {
 public:
  /// `sentences` in the order of the text, as SentenceSplitter gives them; `count` is positive.
  Windows(std::vector<task::Piece> sentences, size_t count);

  size_t size() const;
  /// The text of a window: from the start of its first sentence to the end of its last.
  task::Piece span(size_t window) const;
  /// Its sentences: the first, and how many.
  std::span<const task::Piece> sentences(size_t window) const;

  /// The first and the last sentence that the span touches; nothing where it lies between.
  std::optional<std::pair<size_t, size_t>> touched(const task::Piece& span) const;
  /// The window of a pair; nothing where none holds both whole.
  std::optional<size_t> of(const task::Piece& a, const task::Piece& b) const;

  /// A pair of entities, by their places in the list that was given, the smaller one first.
  struct Pair {
    size_t window, first, second;
    bool operator==(const Pair&) const = default;
  };
  /// All pairs of different entities that a window holds, each once; by windows, then by entities.
  /// Time is that of sorting and of the pairs.
  std::vector<Pair> pairs(std::span<const task::Piece> entities) const;

 private:
  std::vector<task::Piece> sentences_;
  size_t count_;
};

}  // namespace relatum::graph
