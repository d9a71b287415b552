// Random rows: which may be drawn, what decides them, and that all are equally likely.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "retrieve/neighbours.h"
#include "tensor/buffer.h"

namespace relatum::retrieve {
namespace {

using Strings = std::vector<std::string>;

constexpr int64_t kRows = 8;

// Eight rows in the plane; rows 0, 1 and 3 share a text.
class DrawNeighbours : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int64_t i = 0; i < kRows; ++i) {
      rows_.row(i)[0] = float(i + 1);
      rows_.row(i)[1] = 0.5f * float(i);
    }
    index_.add(rows_.view());
  }
  // Queries with these names and texts; the vector of query i is (1, -i).
  Neighbours draw(const Strings& names, const Strings& texts, const NeighbourOptions& options,
                  uint64_t seed = 1) const {
    Matrix<float> queries(int64_t(names.size()), 2);
    for (int64_t i = 0; i < queries.rows(); ++i) {
      queries.row(i)[0] = 1;
      queries.row(i)[1] = -float(i);
    }
    return draw_neighbours(index_, {queries.view(), texts, names}, keys_, options, seed);
  }
  static std::vector<int64_t> rows_of(const std::vector<Neighbour>& neighbours) {
    std::vector<int64_t> rows;
    for (const Neighbour& each : neighbours) rows.push_back(each.row);
    return rows;
  }

  Matrix<float> rows_{kRows, 2};
  Index index_{2};
  const Strings keys_ = {"a", "a", "b", "a", "c", "d", "e", "f"};
};

// What 40 queries draw, three rows each.
Strings numbered(const char* what, int64_t count) {
  Strings names;
  for (int64_t i = 0; i < count; ++i) names.push_back(what + std::to_string(i));
  return names;
}

TEST_F(DrawNeighbours, DependOnTheQueryAndTheSeedAlone) {
  const Strings names = numbered("n", 40), texts = numbered("t", 40);
  const auto all = draw(names, texts, {3}).of;
  Strings backwards(names.rbegin(), names.rend()), other(texts.rbegin(), texts.rend());
  const auto turned = draw(backwards, other, {3}).of;
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(rows_of(all[i]), rows_of(draw({names[i]}, {texts[i]}, {3}).of[0])) << i;
    EXPECT_EQ(rows_of(all[i]), rows_of(turned[names.size() - 1 - i])) << i;
  }
  const auto differ = [&](const auto& others) {
    int64_t count = 0;
    for (size_t i = 0; i < all.size(); ++i) count += rows_of(all[i]) != rows_of(others[i]);
    return count;
  };
  EXPECT_EQ(differ(draw(names, texts, {3}).of), 0);
  // 336 ordered choices are equally likely, so almost all queries change theirs.
  EXPECT_GT(differ(draw(names, texts, {3}, 2).of), 30);
  EXPECT_GT(differ(draw(numbered("m", 40), texts, {3}).of), 30);
  EXPECT_GT(differ(draw(names, numbered("u", 40), {3}).of), 30);
}

TEST_F(DrawNeighbours, AreDifferentRowsAndNeverOnesThatNearestWouldExclude) {
  const std::vector<bool> excluded{false, false, true, false, false, false, false, true};
  const NeighbourOptions options{4, true, excluded};
  std::set<int64_t> seen;
  for (int64_t i = 0; i < 100; ++i) {
    const auto rows = rows_of(draw({"q" + std::to_string(i)}, {"a"}, options).of[0]);
    EXPECT_EQ(rows.size(), 3u);  // 4, 5 and 6 are what is left
    EXPECT_EQ(std::set<int64_t>(rows.begin(), rows.end()).size(), rows.size());
    seen.insert(rows.begin(), rows.end());
  }
  EXPECT_EQ(seen, (std::set<int64_t>{4, 5, 6}));
  EXPECT_TRUE(draw({"q"}, {"a"}, {0, true}).of[0].empty());
  const std::vector<bool> all(size_t(kRows), true);
  EXPECT_TRUE(draw({"q"}, {"z"}, {2, false, all}).of[0].empty());
}

TEST_F(DrawNeighbours, TestDataMayDrawTheirOwnTextWhichIsCounted) {
  const Strings texts(200, "a");
  const Neighbours found = draw(numbered("q", 200), texts, {1});
  int64_t own = 0;
  for (const auto& each : found.of) own += keys_[size_t(each.at(0).row)] == "a";
  EXPECT_EQ(found.overlap, own);
  EXPECT_GT(own, 0);
  EXPECT_EQ(draw(numbered("q", 200), texts, {1, true}).overlap, 0);
}

TEST_F(DrawNeighbours, AllRowsAreEquallyLikely) {
  constexpr int64_t kDraws = 4000;
  std::map<int64_t, int64_t> counts;
  for (const auto& each : draw(numbered("q", kDraws), numbered("t", kDraws), {1}).of) {
    ++counts[each.at(0).row];
  }
  // Five deviations of a binomial count.
  const double expected = double(kDraws) / kRows,
               most = 5 * std::sqrt(expected * (1 - 1.0 / kRows));
  for (int64_t row = 0; row < kRows; ++row) {
    EXPECT_NEAR(double(counts[row]), expected, most) << row;
  }
}

TEST_F(DrawNeighbours, TellTheSimilaritiesOfTheRowsThatWereDrawn) {
  const auto found = draw({"p", "q"}, {"x", "y"}, {3}).of;
  for (size_t i = 0; i < found.size(); ++i) {
    for (const Neighbour& each : found[i]) {  // small whole numbers: exact
      EXPECT_EQ(each.similarity, double(each.row + 1) - double(i) * 0.5 * double(each.row));
    }
  }
}

}  // namespace
}  // namespace relatum::retrieve
