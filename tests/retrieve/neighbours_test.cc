// Exclusion of equal texts in training, their overlap in testing, and the depth of the search.
#include "retrieve/neighbours.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tensor/buffer.h"

namespace relatum::retrieve {
namespace {

using Strings = std::vector<std::string>;

// Six unit vectors in the plane, each a little further from the first; rows 0, 1 and 3 share a
// text.
class FindNeighbours : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int64_t i = 0; i < 6; ++i) {
      const double angle = 0.1 * double(i) + 0.001 * double(i * i);  // no two gaps are equal
      rows_.row(i)[0] = float(std::cos(angle));
      rows_.row(i)[1] = float(std::sin(angle));
    }
    index_.add(rows_.view());
  }
  std::vector<std::vector<int64_t>> find(const Strings& query_keys, int64_t count, bool exclude) {
    const auto queries = rows_.view().rows_from(0, int64_t(query_keys.size()));
    const Neighbours found = find_neighbours(index_, queries, query_keys, keys_, {count, exclude});
    overlap_ = found.overlap;
    std::vector<std::vector<int64_t>> rows;
    for (const auto& list : found.of) {
      rows.emplace_back();
      for (const Neighbour& neighbour : list) rows.back().push_back(neighbour.row);
    }
    return rows;
  }
  Matrix<float> rows_{6, 2};
  Index index_{2};
  const Strings keys_ = {"a", "a", "b", "a", "c", "d"};
  int64_t overlap_ = -1;
};

using Rows = std::vector<std::vector<int64_t>>;

TEST_F(FindNeighbours, TestDataKeepAllAndCountTheOverlap) {
  EXPECT_EQ(find({"a", "x", "b"}, 2, false), (Rows{{0, 1}, {1, 0}, {2, 1}}));
  EXPECT_EQ(overlap_, 2);
}

TEST_F(FindNeighbours, TrainingNeverFindsItselfOrItsDuplicate) {
  EXPECT_EQ(find({"a", "a", "b"}, 1, true), (Rows{{2}, {2}, {1}}));
  EXPECT_EQ(overlap_, 0);
  EXPECT_EQ(find({"a", "a", "b"}, 3, true), (Rows{{2, 4, 5}, {2, 4, 5}, {1, 3, 0}}));
}

TEST_F(FindNeighbours, ExcludedRowsAreNobodysNeighbour) {
  const auto queries = rows_.view().rows_from(0, 2);
  const std::vector<bool> excluded{false, false, true, false, true, false};
  const Strings texts{"a", "z"};
  const Neighbours found = find_neighbours(index_, queries, texts, keys_, {2, true, excluded});
  ASSERT_EQ(found.of[0].size(), 1u);  // of its own text, excluded, or row 5
  EXPECT_EQ(found.of[0][0].row, 5);
  ASSERT_EQ(found.of[1].size(), 2u);
  EXPECT_EQ(found.of[1][0].row, 1);
  EXPECT_EQ(found.of[1][1].row, 0);
}

TEST_F(FindNeighbours, QueriesThatAreNotStoredLoseNothing) {
  EXPECT_EQ(find({"z"}, 2, true), (Rows{{0, 1}}));
}

TEST_F(FindNeighbours, FewerWhereTheIndexHasNoMore) {
  EXPECT_EQ(find({"a"}, 9, true), (Rows{{2, 4, 5}}));
  EXPECT_EQ(find({"z"}, 9, false), (Rows{{0, 1, 2, 3, 4, 5}}));
  EXPECT_EQ(find({"a"}, 0, true), (Rows{{}}));
}

TEST_F(FindNeighbours, NothingButDuplicatesLeavesNoNeighbour) {
  const Strings same(6, "a");
  const Strings query = {"a"};
  const auto found = find_neighbours(index_, rows_.view().rows_from(0, 1), query, same, {1, true});
  EXPECT_TRUE(found.of[0].empty());
}

}  // namespace
}  // namespace relatum::retrieve
