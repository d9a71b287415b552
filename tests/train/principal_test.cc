// Principal parts: of matrices whose singular vectors are known.
#include "train/principal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"
#include "kernels/gemm.h"
#include "support/tensors.h"
#include "support/tolerance.h"

namespace relatum::testing {
namespace {

constexpr int64_t kOut = 70, kIn = 48;

Matrix<float> product(const train::PrincipalPart& part) {
  Matrix<float> whole(part.left.cols(), part.right.cols());
  kernels::gemm(
      {.a = part.left.view(), .b = part.right.view(), .c = whole.view(), .transpose_a = true});
  return whole;
}

// A reflection's columns, which are orthonormal: I - 2 v v^T.
Matrix<float> reflection(int64_t size, uint64_t seed) {
  const Rng rng(seed, 1);
  std::vector<double> v;
  double squares = 0;
  for (int64_t i = 0; i < size; ++i) {
    v.push_back(rng.normal(uint64_t(i)));
    squares += v.back() * v.back();
  }
  Matrix<float> result(size, size);
  for (int64_t i = 0; i < size; ++i) {
    for (int64_t j = 0; j < size; ++j) {
      result.row(i)[j] = float((i == j) - 2 * v[size_t(i)] * v[size_t(j)] / squares);
    }
  }
  return result;
}

// sum over i < count of values(i) u_i v_i^T.
template <class Values>
Matrix<float> matrix_of(int64_t count, const Values& values) {
  const Matrix<float> u = reflection(kOut, 3), v = reflection(kIn, 4);
  Matrix<float> w(kOut, kIn);
  for (int64_t n = 0; n < kOut; ++n) {
    for (int64_t k = 0; k < kIn; ++k) {
      double sum = 0;
      for (int64_t i = 0; i < count; ++i) {
        sum += values(i) * double(u.row(n)[i]) * double(v.row(k)[i]);
      }
      w.row(n)[k] = float(sum);
    }
  }
  return w;
}

TEST(PrincipalPart, IsTheNearestOfItsRank) {
  const auto values = [](int64_t i) { return 5 / double(i + 1); };
  const Matrix<float> w = matrix_of(kIn, values);
  for (const int64_t rank : {1, 3, 8, 20, int(kIn)}) {
    const auto part = train::principal_part(w.view(), rank, 1);
    EXPECT_LT(distance(product(part), matrix_of(rank, values)), network_bound(20, kOut)) << rank;
    // Both factors have the same share of each singular value, the largest first.
    for (int64_t r = 0; r < rank; ++r) {
      for (const Matrix<float>* side : {&part.left, &part.right}) {
        double squares = 0;
        for (int64_t i = 0; i < side->cols(); ++i) {
          squares += double(side->row(r)[i]) * double(side->row(r)[i]);
        }
        EXPECT_NEAR(squares, values(r), values(0) * network_bound(20, kOut)) << rank << " " << r;
      }
    }
  }
}

TEST(PrincipalPart, OfFewerDimensionsThanItsRankIsTheWhole) {
  const auto values = [](int64_t i) { return 1 / double(i + 1); };
  const Matrix<float> w = matrix_of(3, values);
  EXPECT_LT(distance(product(train::principal_part(w.view(), 8, 1)), w), network_bound(20, kOut));
  Matrix<float> nothing(5, 4);
  nothing.zero();
  const Matrix<float> none = product(train::principal_part(nothing.view(), 2, 1));
  for (int64_t i = 0; i < none.view().size(); ++i) EXPECT_EQ(none.row(0)[i], 0.0f);
}

TEST(PrincipalPart, IsTheSameEachTime) {
  const Matrix<float> w = matrix_of(kIn, [](int64_t i) { return 1 / double(i + 1); });
  EXPECT_TRUE(bit_equal(train::principal_part(w.view(), 4, 7).left,
                        train::principal_part(w.view(), 4, 7).left));
}

}  // namespace
}  // namespace relatum::testing
