// Shared beginnings of rows: each row can be read off the tree, and enough is shared.
#include "nn/shared_beginnings.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace relatum::testing {
namespace {

using Rows = std::vector<std::vector<int32_t>>;
using nn::SharedSegment;

std::vector<SharedSegment> share(const Rows& rows, int64_t min_shared) {
  const std::vector<std::span<const int32_t>> spans(rows.begin(), rows.end());
  return nn::share_beginnings(spans, min_shared);
}

std::vector<int32_t> read(const Rows& rows, const std::vector<SharedSegment>& tree, int64_t leaf) {
  std::vector<int32_t> tokens;
  for (int64_t s = leaf; s >= 0; s = tree[size_t(s)].parent) {
    const SharedSegment& segment = tree[size_t(s)];
    const auto& row = rows[size_t(segment.row)];
    tokens.insert(tokens.begin(), row.begin() + segment.begin, row.begin() + segment.end);
  }
  return tokens;
}

// Every row has one leaf, behind which it can be read whole; returns the tokens in all segments.
int64_t expect_whole(const Rows& rows, const std::vector<SharedSegment>& tree) {
  std::vector<int> leaves(rows.size());
  int64_t tokens = 0;
  for (size_t s = 0; s < tree.size(); ++s) {
    EXPECT_LT(tree[s].parent, int64_t(s));
    tokens += tree[s].end - tree[s].begin;
    if (!tree[s].leaf) continue;
    ++leaves[size_t(tree[s].row)];
    EXPECT_EQ(read(rows, tree, int64_t(s)), rows[size_t(tree[s].row)]);
  }
  EXPECT_EQ(leaves, std::vector<int>(rows.size(), 1));
  return tokens;
}

TEST(Share, NothingInCommonIsNothingShared) {
  const Rows rows{{1, 2}, {3, 4}, {}};
  EXPECT_EQ(expect_whole(rows, share(rows, 1)), 4);
}

TEST(Share, ABeginningStandsOnce) {
  const Rows rows{{1, 2, 3, 4}, {1, 2, 3, 5}, {1, 2, 6}};
  EXPECT_EQ(expect_whole(rows, share(rows, 1)), 2 + 1 + 1 + 1 + 1);
}

TEST(Share, ShortBeginningsAreNotWorthASegment) {
  const Rows rows{{1, 2, 3, 4}, {1, 2, 3, 5}, {1, 2, 6}};
  EXPECT_EQ(expect_whole(rows, share(rows, 4)), 11);
  EXPECT_EQ(expect_whole(rows, share(rows, 3)), 3 + 1 + 1 + 3);
}

TEST(Share, EqualAndNestedRows) {
  const Rows rows{{1, 2, 3}, {1, 2, 3}, {1, 2}, {}, {1, 2, 3}};
  EXPECT_EQ(expect_whole(rows, share(rows, 1)), 3);
}

TEST(Share, NoRows) { EXPECT_TRUE(share({}, 1).empty()); }

TEST(Share, RandomRowsStayWhole) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Rng rng(seed, 1);
    Rows rows(rng.below(0, 12));
    uint64_t draw = 1;
    for (auto& row : rows) {
      row.resize(rng.below(draw++, 9));
      for (int32_t& token : row) token = int32_t(rng.below(draw++, 2));
    }
    int64_t before = 0;
    for (const auto& row : rows) before += int64_t(row.size());
    for (const int64_t least : {1, 2, 5}) {
      EXPECT_LE(expect_whole(rows, share(rows, least)), before) << seed;
    }
  }
}

TEST(Share, CommonBeginning) {
  const auto common = [](const Rows& rows) {
    const std::vector<std::span<const int32_t>> spans(rows.begin(), rows.end());
    return nn::common_beginning(spans);
  };
  EXPECT_EQ(common({}), 0);
  EXPECT_EQ(common({{1, 2, 3}}), 3);
  EXPECT_EQ(common({{1, 2, 3}, {1, 2, 4}, {1, 2}}), 2);
  EXPECT_EQ(common({{1, 2, 3}, {1, 2, 4}, {5}}), 0);
}

}  // namespace
}  // namespace relatum::testing
