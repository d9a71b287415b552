// Holds the index to brute force in double: ties, depths, batches, and files that are not one.
#include "retrieve/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/rng.h"
#include "support/temporary.h"
#include "tensor/buffer.h"

namespace relatum::retrieve {
namespace {

using relatum::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Matrix<float> random_rows(int64_t rows, int64_t cols, uint64_t stream) {
  const Rng rng(7, stream);
  Matrix<float> result(rows, cols);
  for (int64_t i = 0; i < rows * cols; ++i) result.row(0)[i] = float(rng.normal(uint64_t(i)));
  return result;
}

Index index_of(const Matrix<float>& rows) {
  Index index(rows.cols());
  index.add(rows.view());
  return index;
}

std::vector<int64_t> brute_force(const Matrix<float>& rows, const float* query, size_t k) {
  std::vector<double> scores;
  for (int64_t i = 0; i < rows.rows(); ++i) {
    scores.push_back(std::inner_product(rows.row(i), rows.row(i) + rows.cols(), query, 0.0,
                                        std::plus<>(), [](double a, double b) { return a * b; }));
  }
  std::vector<int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return scores[size_t(a)] > scores[size_t(b)]; });
  order.resize(std::min(k, order.size()));
  return order;
}

std::vector<int64_t> rows_of(const std::vector<Neighbour>& neighbours) {
  std::vector<int64_t> rows;
  for (const Neighbour& neighbour : neighbours) rows.push_back(neighbour.row);
  return rows;
}

TEST(Index, EqualsBruteForce) {
  for (const int64_t dimension : {1, 3, 17, 64}) {
    const Matrix<float> rows = random_rows(300, dimension, 1);
    const Matrix<float> queries = random_rows(40, dimension, 2);
    const Index index = index_of(rows);
    for (const int64_t k : {1, 2, 5, 120, 300, 500}) {
      const auto found = index.search(queries.view(), k);
      ASSERT_EQ(found.size(), 40u);
      for (int64_t i = 0; i < queries.rows(); ++i) {
        EXPECT_EQ(rows_of(found[size_t(i)]), brute_force(rows, queries.row(i), size_t(k)));
      }
    }
  }
}

// More equal rows than any spare depth: only a search that goes on finds the first of them.
TEST(Index, TiesGoToTheEarlierRow) {
  Matrix<float> rows = random_rows(400, 48, 3);
  for (int64_t i = 5; i < 395; ++i) std::copy_n(rows.row(4), 48, rows.row(i));
  const Index index = index_of(rows);
  for (const int64_t count : {1, 30}) {  // FAISS takes another way for more than 20 queries
    Matrix<float> queries(count, 48);
    for (int64_t i = 0; i < count; ++i) std::copy_n(rows.row(4), 48, queries.row(i));
    for (const auto& found : index.search(queries.view(), 3)) {
      EXPECT_EQ(rows_of(found), (std::vector<int64_t>{4, 5, 6}));
      EXPECT_EQ(found[0].similarity, found[2].similarity);
    }
  }
}

// Rows that differ by less than f32's rounding of the sum are still told apart.
TEST(Index, OrderIsThatOfExactProducts) {
  constexpr int64_t kCols = 256;
  Matrix<float> rows = random_rows(100, kCols, 4);
  for (int64_t i = 1; i < 100; ++i) {
    std::copy_n(rows.row(0), kCols, rows.row(i));
    float& value = rows.row(i)[i];
    value = std::nextafter(value, value > 0 ? 10.0f : -10.0f);
  }
  Matrix<float> query(1, kCols);
  std::copy_n(rows.row(0), kCols, query.row(0));
  const auto found = index_of(rows).search(query.view(), 7);
  EXPECT_EQ(rows_of(found[0]), brute_force(rows, query.row(0), 7));
}

TEST(Index, BatchChangesNoBit) {
  const Matrix<float> rows = random_rows(500, 33, 5), queries = random_rows(1100, 33, 6);
  const Index index = index_of(rows);
  const auto together = index.search(queries.view(), 4);
  for (int64_t i = 0; i < queries.rows(); i += 97) {
    const auto alone = index.search(queries.view().rows_from(i, 1), 4);
    for (size_t j = 0; j < 4; ++j) {
      EXPECT_EQ(alone[0][j].row, together[size_t(i)][j].row);
      EXPECT_EQ(alone[0][j].similarity, together[size_t(i)][j].similarity);
    }
  }
}

TEST(Index, RowsMayComeInPartsAndWithAStride) {
  const Matrix<float> wide = random_rows(20, 9, 8);
  Index index(4);
  index.add(wide.view().rows_from(0, 12).cols_from(2, 4));
  index.add(wide.view().rows_from(12, 8).cols_from(2, 4));
  EXPECT_EQ(index.size(), 20);
  const auto view = wide.view().cols_from(2, 4);
  Matrix<float> rows(20, 4);
  for (int64_t i = 0; i < 20; ++i) std::copy_n(view.row(i), 4, rows.row(i));
  const auto found = index.search(view, 20);
  for (int64_t i = 0; i < 20; ++i) {
    EXPECT_EQ(rows_of(found[size_t(i)]), brute_force(rows, rows.row(i), 20));
  }
}

TEST(Index, NothingToFind) {
  const Matrix<float> queries = random_rows(2, 4, 9);
  EXPECT_TRUE(Index(4).search(queries.view(), 3)[1].empty());
  EXPECT_TRUE(index_of(queries).search(queries.view(), 0)[0].empty());
  EXPECT_TRUE(index_of(queries).search(queries.view().rows_from(0, 0), 3).empty());
}

TEST(Index, ValuesThatAreNotFiniteAreRefused) {
  const Matrix<float> good = random_rows(3, 4, 10);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity(), 1e30f}) {
    Matrix<float> rows = random_rows(3, 4, 10);
    rows.row(2)[1] = bad;
    EXPECT_THAT([&] { index_of(rows); }, ThrowsMessage<Error>(HasSubstr("vector 2")));
    EXPECT_THAT([&] { index_of(good).search(rows.view(), 1); },
                ThrowsMessage<Error>(HasSubstr("query 2")));
  }
}

TEST(Index, QueriesOfAnotherWidthAreRefused) {
  EXPECT_THAT([] { Index(4).search(random_rows(2, 5, 12).view(), 1); },
              ThrowsMessage<Error>(AllOf(HasSubstr("5"), HasSubstr("4"))));
}

class IndexFile : public ::testing::Test {
 protected:
  void SetUp() override {
    index_of(rows_).save(file_);
    bytes_ = read_file(file_);
  }
  void expect_refused(const std::string& bytes, const std::string& word) {
    write_file(file_, bytes);
    EXPECT_THAT([&] { Index::load(file_); },
                ThrowsMessage<Error>(AllOf(HasSubstr("vectors.faiss"), HasSubstr(word))));
  }
  template <class T>
  std::string with(size_t at, T value) const {
    std::string changed = bytes_;
    std::memcpy(changed.data() + at, &value, sizeof(T));
    return changed;
  }
  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "vectors.faiss";
  Matrix<float> rows_ = random_rows(10, 6, 11);
  std::string bytes_;
};

TEST_F(IndexFile, RoundTrip) {
  const Index index = Index::load(file_);
  EXPECT_EQ(index.size(), 10);
  EXPECT_EQ(index.dimension(), 6);
  const auto found = index.search(rows_.view(), 10);
  for (int64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(rows_of(found[size_t(i)]), brute_force(rows_, rows_.row(i), 10));
  }
}

TEST_F(IndexFile, EmptyRoundTrip) {
  Index(5).save(file_);
  EXPECT_EQ(Index::load(file_).size(), 0);
  EXPECT_EQ(Index::load(file_).dimension(), 5);
}

TEST_F(IndexFile, CutAnywhere) {
  for (size_t size = 0; size < bytes_.size(); ++size) expect_refused(bytes_.substr(0, size), "");
  expect_refused(bytes_ + "x", "promised");
  expect_refused(bytes_ + "more", "promised");
}

TEST_F(IndexFile, CountsThatCannotBe) {
  expect_refused(with<int64_t>(8, int64_t{1} << 60), "promised");
  expect_refused(with<int64_t>(8, -10), "promised");
  expect_refused(with<int32_t>(4, 3), "promised");
  expect_refused(with<int32_t>(4, 0), "dimension of 0");
  expect_refused(with<int32_t>(4, -6), "dimension of -6");
  expect_refused(with<int32_t>(33, 1), "metric 1");
  expect_refused(with<uint64_t>(37, uint64_t{1} << 62), "promised");
  expect_refused(with<char>(3, '2'), "IndexFlatIP");
  expect_refused(with<float>(45 + 4 * 13, std::numeric_limits<float>::quiet_NaN()), "vector 2");
}

TEST_F(IndexFile, AbsentFile) {
  EXPECT_THAT([&] { Index::load(folder_ / "gone.faiss"); },
              ThrowsMessage<Error>(HasSubstr("gone.faiss")));
}

}  // namespace
}  // namespace relatum::retrieve
