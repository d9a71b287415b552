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
  const auto one = touched(a), other = touched(b);
  if (!one || !other) return std::nullopt;
  const size_t first = std::min(one->first, other->first);
  const size_t last = std::max(one->second, other->second);
  if (last - first >= count_) return std::nullopt;
  const size_t window = last + 1 > count_ ? last + 1 - count_ : 0;
  const task::Piece whole = span(window);
  const auto within = [&](const task::Piece& each) {
    return whole.start <= each.start && each.end <= whole.end;
  };
  return within(a) && within(b) ? std::optional(window) : std::nullopt;
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
