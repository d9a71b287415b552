// A pair's window follows from the last sentence that the pair touches.
#include "graph/windows.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"

namespace relatum::graph {

Windows::Windows(std::vector<task::Piece> sentences, size_t count)
    : sentences_(std::move(sentences)), count_(count) {
  RELATUM_CHECK(count > 0);
}

size_t Windows::size() const {
  if (sentences_.empty()) return 0;
  return sentences_.size() <= count_ ? 1 : sentences_.size() - count_ + 1;
}

std::span<const task::Piece> Windows::sentences(size_t window) const {
  RELATUM_CHECK(window < size());
  return std::span(sentences_).subspan(window, std::min(count_, sentences_.size()));
}

task::Piece Windows::span(size_t window) const {
  const auto own = sentences(window);
  return {own.front().start, own.back().end};
}

std::optional<std::pair<size_t, size_t>> Windows::touched(const task::Piece& span) const {
  const auto first = std::ranges::upper_bound(sentences_, span.start, {}, &task::Piece::end);
  const auto behind = std::ranges::lower_bound(sentences_, span.end, {}, &task::Piece::start);
  if (first >= behind) return std::nullopt;
  return std::pair(size_t(first - sentences_.begin()), size_t(behind - sentences_.begin()) - 1);
}

std::optional<size_t> Windows::of(const task::Piece& a, const task::Piece& b) const {
  if (!touched(a) || !touched(b)) return std::nullopt;
  // The sentences that a window needs to reach from the pair's start to its end.
  const auto behind = std::ranges::upper_bound(sentences_, std::min(a.start, b.start), {},
                                               &task::Piece::start);
  const auto last = std::ranges::lower_bound(sentences_, std::max(a.end, b.end), {},
                                             &task::Piece::end);
  if (behind == sentences_.begin() || last == sentences_.end()) return std::nullopt;
  if (last - (behind - 1) >= std::ptrdiff_t(count_)) return std::nullopt;
  const auto up_to = size_t(last - sentences_.begin()) + 1;
  return up_to > count_ ? up_to - count_ : 0;
}

std::vector<Windows::Pair> Windows::pairs(std::span<const task::Piece> entities) const {
  struct Placed {
    size_t first_sentence, entity;
  };
  std::vector<Placed> placed;
  for (size_t i = 0; i < entities.size(); ++i) {
    if (const auto sentences = touched(entities[i])) placed.push_back({sentences->first, i});
  }
  std::ranges::stable_sort(placed, {}, &Placed::first_sentence);
  std::vector<Pair> found;
  for (size_t i = 0; i < placed.size(); ++i) {
    for (size_t j = i + 1; j < placed.size(); ++j) {
      if (placed[j].first_sentence - placed[i].first_sentence >= count_) break;
      const auto [a, b] = std::minmax(placed[i].entity, placed[j].entity);
      if (const auto window = of(entities[a], entities[b])) found.push_back({*window, a, b});
    }
  }
  std::ranges::sort(
      found, {}, [](const Pair& pair) { return std::tuple(pair.window, pair.first, pair.second); });
  return found;
}

}  // namespace relatum::graph
