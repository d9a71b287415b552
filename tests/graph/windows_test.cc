// Windows against a plain search through all of them.
#include "graph/windows.h"

#include <gtest/gtest.h>

#include <span>
#include <tuple>
#include <vector>

#include "base/rng.h"

namespace relatum::graph {
namespace {

using task::Piece;
using Own = std::tuple<size_t, size_t, size_t>;  // a window and a pair of its own

std::vector<Piece> sentences(size_t count) {  // of eight code points, with two between them
  std::vector<Piece> all;
  for (size_t i = 0; i < count; ++i) all.push_back({int64_t(i) * 10, int64_t(i) * 10 + 8});
  return all;
}

TEST(Windows, AreRunsOfSentences) {
  EXPECT_EQ(Windows({}, 3).size(), 0u);
  EXPECT_EQ(Windows(sentences(2), 3).size(), 1u);
  EXPECT_EQ(Windows(sentences(2), 3).span(0), (Piece{0, 18}));
  const Windows windows(sentences(5), 3);
  ASSERT_EQ(windows.size(), 3u);
  EXPECT_EQ(windows.span(1), (Piece{10, 38}));
  EXPECT_EQ(windows.sentences(2).size(), 3u);
}

TEST(Windows, APairBelongsToTheFirstThatHoldsBoth) {
  const Windows windows(sentences(6), 2);
  EXPECT_EQ(windows.of({2, 4}, {5, 6}), 0u);
  EXPECT_EQ(windows.of({12, 14}, {15, 16}), 0u);  // with the sentence before it
  EXPECT_EQ(windows.of({22, 24}, {15, 16}), 1u);
  EXPECT_EQ(windows.of({52, 54}, {55, 56}), 4u);
  EXPECT_EQ(windows.of({2, 4}, {25, 26}), std::nullopt);   // two sentences between
  EXPECT_EQ(windows.of({8, 10}, {12, 13}), std::nullopt);  // between sentences
  EXPECT_EQ(windows.of({6, 12}, {13, 14}), 0u);            // across an end
  EXPECT_EQ(windows.of({9, 12}, {33, 34}), std::nullopt);
  EXPECT_EQ(windows.of({57, 59}, {52, 53}), std::nullopt);  // reaches out of the last one
}

TEST(Windows, PairsAreThoseOfAPlainSearch) {
  const Rng rng(5, 0);
  uint64_t draw = 0;
  for (int round = 0; round < 300; ++round) {
    const auto below = [&](uint64_t n) { return int64_t(rng.below(draw++, n)); };
    const size_t count = size_t(1 + below(4));
    const Windows windows(sentences(size_t(below(9))), count);
    std::vector<Piece> entities;
    for (int64_t n = below(12); n > 0; --n) {
      const int64_t start = below(85);
      entities.push_back({start, start + 1 + below(14)});
    }
    std::vector<Own> expected;
    std::vector<std::vector<bool>> seen(entities.size(), std::vector<bool>(entities.size()));
    for (size_t window = 0; window < windows.size(); ++window) {
      const auto holds = [&](const Piece& each) {
        return windows.span(window).start <= each.start && each.end <= windows.span(window).end &&
               windows.touched(each);
      };
      for (size_t a = 0; a < entities.size(); ++a) {
        for (size_t b = a + 1; b < entities.size(); ++b) {
          if (seen[a][b] || !holds(entities[a]) || !holds(entities[b])) continue;
          seen[a][b] = true;
          expected.emplace_back(window, a, b);
        }
      }
    }
    std::vector<Own> found;
    windows.each(entities, [&](size_t window, std::span<const Windows::Held> held) {
      for (size_t i = 0; i < held.size(); ++i) {
        for (size_t j = i + 1; j < held.size(); ++j) {
          if (held[i].before && held[j].before) continue;
          EXPECT_EQ(windows.of(entities[held[i].entity], entities[held[j].entity]), window);
          found.emplace_back(window, held[i].entity, held[j].entity);
        }
      }
    });
    EXPECT_EQ(found, expected);
  }
}

}  // namespace
}  // namespace relatum::graph
