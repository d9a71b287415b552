// A pair's window follows from the last sentence that the pair touches.
#include "graph/windows.h"

#include <algorithm>

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

std::optional<std::pair<size_t, size_t>> Windows::reach(const task::Piece& span) const {
  if (!touched(span)) return std::nullopt;
  const auto behind = std::ranges::upper_bound(sentences_, span.start, {}, &task::Piece::start);
  const auto last = std::ranges::lower_bound(sentences_, span.end, {}, &task::Piece::end);
  if (behind == sentences_.begin() || last == sentences_.end()) return std::nullopt;
  return std::pair(size_t(behind - sentences_.begin()) - 1, size_t(last - sentences_.begin()));
}

// What a pair reaches follows from what each of the two does, as places and sentences have one
// order.
std::optional<size_t> Windows::of(const task::Piece& a, const task::Piece& b) const {
  const auto one = reach(a), other = reach(b);
  if (!one || !other) return std::nullopt;
  const size_t first = std::min(one->first, other->first);
  const size_t last = std::max(one->second, other->second);
  if (last - first >= count_) return std::nullopt;
  return window_of(last);
}

size_t Windows::window_of(size_t last_sentence) const {
  return last_sentence + 1 > count_ ? last_sentence + 1 - count_ : 0;
}

void Windows::each(std::span<const task::Piece> entities,
                   const std::function<void(size_t, std::span<const Held>)>& take) const {
  struct Placed {
    size_t first_sentence, window, entity;
  };
  std::vector<Placed> placed;
  for (size_t i = 0; i < entities.size(); ++i) {
    const auto sentences = reach(entities[i]);
    if (!sentences || sentences->second - sentences->first >= count_) continue;
    placed.push_back({sentences->first, window_of(sentences->second), i});
  }
  std::ranges::stable_sort(placed, {}, &Placed::window);
  std::vector<Placed> before;
  std::vector<Held> held;
  for (size_t next = 0; next < placed.size();) {
    const size_t window = placed[next].window;
    std::erase_if(before, [&](const Placed& each) { return each.first_sentence < window; });
    held.clear();
    for (const Placed& each : before) held.push_back({each.entity, true});
    for (; next < placed.size() && placed[next].window == window; ++next) {
      held.push_back({placed[next].entity, false});
      before.push_back(placed[next]);
    }
    if (held.size() < 2) continue;
    std::ranges::sort(held, {}, &Held::entity);
    take(window, held);
  }
}

}  // namespace relatum::graph
