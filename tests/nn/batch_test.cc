// What a batch says of positions, of who sees whom, and of the keys that dropout draws by.
#include "nn/batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.h"

namespace relatum::testing {
namespace {

using kernels::AttentionGroup;
using kernels::AttentionSpan;
using nn::TokenBatch;
using Tokens = std::vector<int32_t>;

// The batch's own rows that token `row` sees, and how many cached ones.
struct Seen {
  std::set<int64_t> own;
  int64_t cached = 0;
};

Seen seen_by(const TokenBatch& batch, int64_t row) {
  const auto plan = batch.plan();
  Seen seen;
  for (const AttentionGroup& g : plan.groups) {
    if (row < g.begin || row >= g.begin + g.count) continue;
    for (int64_t s = 0; s < g.span_count; ++s) {
      const AttentionSpan& span = plan.spans[size_t(g.first_span + s)];
      if (span.cached) seen.cached += span.count;
      for (int64_t j = 0; j < span.count && !span.cached; ++j) {
        const bool own = s + 1 == g.span_count;
        const bool masked = own && g.mask && !g.mask[(row - g.begin) * g.count + j];
        const bool later = own && !g.mask && plan.causal && span.begin + j > row;
        if (!masked && !later) seen.own.insert(span.begin + j);
      }
    }
  }
  return seen;
}

TEST(Batch, RowsAreSeparate) {
  TokenBatch batch;
  const int first = batch.append(batch.root(), Tokens{5, 6, 7});
  const int second = batch.append(batch.root(), Tokens{5, 8});
  batch.finish();
  EXPECT_EQ(batch.tokens(), (Tokens{5, 6, 7, 5, 8}));
  EXPECT_EQ(batch.positions(), (Tokens{0, 1, 2, 0, 1}));
  EXPECT_EQ(batch.begin(second), batch.end(first));
  EXPECT_EQ(seen_by(batch, 2).own, (std::set<int64_t>{0, 1, 2}));
  EXPECT_EQ(seen_by(batch, 4).own, (std::set<int64_t>{3, 4}));
  EXPECT_EQ(batch.max_position(), 2);
}

TEST(Batch, BranchesSeeTheirTrunkAndNotEachOther) {
  TokenBatch batch;
  const int trunk = batch.append(batch.root(), Tokens{1, 2, 3});
  const int left = batch.append(trunk, Tokens{4, 5});
  batch.append(trunk, Tokens{6});
  batch.append(left, Tokens{7});
  batch.finish();
  EXPECT_EQ(batch.positions(), (Tokens{0, 1, 2, 3, 4, 3, 5}));
  EXPECT_EQ(seen_by(batch, 5).own, (std::set<int64_t>{0, 1, 2, 5}));
  EXPECT_EQ(seen_by(batch, 6).own, (std::set<int64_t>{0, 1, 2, 3, 4, 6}));
}

TEST(Batch, AnEncodersTokenSeesItsWholeRow) {
  TokenBatch batch(false);
  batch.append(batch.root(), Tokens{1, 2});
  batch.append(batch.root(), Tokens{3, 4, 5});
  batch.finish();
  EXPECT_EQ(seen_by(batch, 0).own, (std::set<int64_t>{0, 1}));
  EXPECT_EQ(seen_by(batch, 3).own, (std::set<int64_t>{2, 3, 4}));
}

TEST(Batch, PositionsGoOnBehindCachedRows) {
  const std::vector<AttentionSpan> cached{{10, 4, true}, {2, 3, true}};
  TokenBatch batch;
  const int root = batch.root(cached, 77);
  batch.append(batch.append(root, Tokens{1, 2}), Tokens{3});
  batch.append(root, Tokens{4});
  batch.finish();
  EXPECT_EQ(batch.positions(), (Tokens{7, 8, 9, 7}));
  EXPECT_EQ(seen_by(batch, 2).own, (std::set<int64_t>{0, 1, 2}));
  EXPECT_EQ(seen_by(batch, 2).cached, 7);
  EXPECT_EQ(seen_by(batch, 3).own, (std::set<int64_t>{3}));
}

TEST(Batch, ATokenTreeSeesItsPath) {
  TokenBatch batch;
  const int trunk = batch.append(batch.root(), Tokens{1, 2});
  batch.append_tree(trunk, Tokens{3, 4, 5, 6}, Tokens{-1, 0, -1, 1});
  batch.finish();
  EXPECT_EQ(batch.positions(), (Tokens{0, 1, 2, 3, 2, 4}));
  EXPECT_EQ(seen_by(batch, 5).own, (std::set<int64_t>{0, 1, 2, 3, 5}));
  EXPECT_EQ(seen_by(batch, 4).own, (std::set<int64_t>{0, 1, 4}));
}

TEST(Batch, KeysTellContentAndNotPlace) {
  TokenBatch alone, shared, tree, cached;
  alone.append(alone.root(), Tokens{1, 2, 3, 4});
  const int other = shared.append(shared.root(), Tokens{9, 9});
  EXPECT_EQ(shared.begin(other), 0);
  const int trunk = shared.append(shared.append(shared.root(), Tokens{1}), Tokens{2});
  shared.append(trunk, Tokens{5});
  shared.append(trunk, Tokens{3, 4});
  tree.append_tree(tree.append(tree.root(), Tokens{1}), Tokens{2, 5, 3, 4}, Tokens{-1, 0, 0, 2});
  const AttentionSpan before{0, 2, true};
  cached.append(cached.root({&before, 1}, alone.keys()[1]), Tokens{3, 4});
  for (TokenBatch* batch : {&alone, &shared, &tree, &cached}) batch->finish();
  const uint64_t third = alone.keys()[2], fourth = alone.keys()[3];
  EXPECT_EQ(shared.keys()[5], third);
  EXPECT_EQ(shared.keys()[6], fourth);
  EXPECT_EQ(tree.keys()[3], third);
  EXPECT_EQ(tree.keys()[4], fourth);
  EXPECT_EQ(cached.keys()[0], third);
  EXPECT_EQ(cached.keys()[1], fourth);
}

TEST(Batch, KeysOfDifferentBeginningsDiffer) {
  std::set<uint64_t> keys;
  TokenBatch batch;
  size_t tokens = 0;
  for (int32_t a = 0; a < 40; ++a) {
    for (int32_t b = 0; b < 40; ++b) {
      batch.append(batch.root(), Tokens{a, b, 0});
      tokens += 3;
    }
  }
  batch.finish();
  keys.insert(batch.keys().begin(), batch.keys().end());
  EXPECT_EQ(keys.size(), tokens - 40 * 39);  // the first tokens repeat 40 times each
}

TEST(Batch, EmptySegmentsAreNoGroups) {
  TokenBatch batch;
  const int empty = batch.append(batch.root(), {});
  batch.append(empty, Tokens{1});
  batch.append_tree(empty, {}, {});
  batch.finish();
  EXPECT_EQ(batch.plan().groups.size(), 1u);
  EXPECT_EQ(batch.positions(), Tokens{0});
}

TEST(Batch, GroupsOfATreeStandTogether) {
  TokenBatch batch;
  const int first = batch.root(), second = batch.root();
  const int a = batch.append(first, Tokens{1});
  const int b = batch.append(second, Tokens{2});
  batch.append(a, Tokens{3});
  batch.append(b, Tokens{4});
  batch.finish();
  std::vector<int64_t> roots;
  for (const AttentionGroup& g : batch.plan().groups) roots.push_back(g.root);
  EXPECT_TRUE(std::is_sorted(roots.begin(), roots.end()));
  EXPECT_EQ(std::set<int64_t>(roots.begin(), roots.end()).size(), 2u);
}

TEST(Batch, MovedItKeepsItsMasks) {
  static_assert(!std::is_copy_constructible_v<TokenBatch>);
  TokenBatch moved;
  {
    TokenBatch batch;
    batch.append_tree(batch.root(), Tokens{1, 2, 3}, Tokens{-1, -1, 0});
    batch.finish();
    moved = std::move(batch);
  }
  EXPECT_EQ(seen_by(moved, 2).own, (std::set<int64_t>{0, 2}));
}

TEST(Batch, ATokenBehindALaterOneIsRefused) {
  TokenBatch batch;
  EXPECT_THROW(batch.append_tree(batch.root(), Tokens{1, 2}, Tokens{1, -1}), Error);
}

}  // namespace
}  // namespace relatum::testing
