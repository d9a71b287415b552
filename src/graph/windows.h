// Several sentences that are asked together.
#pragma once

#include <cstddef>
#include <functional>
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

  /// An entity that a window holds, by its place in the list that was given. `before`: an earlier
  /// window holds it, too.
  struct Held {
    size_t entity;
    bool before;
  };
  /// Hands on each window that has pairs of its own, in their order, with the entities that it
  /// holds whole, in theirs: a pair of these is the window's own unless both were held before.
  /// Memory is that of the entities, time too, but that each is handed on by `count` windows at
  /// most.
  void each(std::span<const task::Piece> entities,
            const std::function<void(size_t window, std::span<const Held> held)>& take) const;

 private:
  /// The sentence in which a span begins, or behind which, and the one in which it ends, or before
  /// which; nothing where it leaves them, or touches none.
  std::optional<std::pair<size_t, size_t>> reach(const task::Piece& span) const;

  /// The window of a pair whose last sentence this is.
  size_t window_of(size_t last_sentence) const;

  std::vector<task::Piece> sentences_;
  size_t count_;
};

}  // namespace relatum::graph
