// Block subspace iteration: the large products are the engine's, the small decompositions Eigen's.
#define EIGEN_DONT_PARALLELIZE  // so that the number of threads changes no bit of its results
#include "train/principal.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "kernels/gemm.h"

namespace relatum::train {
namespace {

using kernels::gemm;

// Rows of ours are columns of Eigen's.
Eigen::Map<Eigen::MatrixXf> columns_of(Matrix<float>& rows) {
  return {rows.row(0), rows.cols(), rows.rows()};
}

// Makes the rows orthonormal, as many of them or more columns; what they span stays.
void orthonormalise(Matrix<float>& rows) {
  auto columns = columns_of(rows);
  const Eigen::HouseholderQR<Eigen::MatrixXf> decomposed(columns);
  columns = decomposed.householderQ() * Eigen::MatrixXf::Identity(columns.rows(), columns.cols());
}

// Orthonormal rows `left` (Q x N) that span the largest singular vectors of w, and left w (Q x K).
struct Subspace {
  Matrix<float> left, image;
};

Subspace find_subspace(MatView<const float> w, int64_t count, uint64_t seed) {
  constexpr int kMost = 60;
  Subspace s{Matrix<float>(count, w.rows), Matrix<float>(count, w.cols)};
  const Rng rng(seed, 0x5fd);
  for (int64_t i = 0; i < count * w.cols; ++i) s.image.row(0)[i] = float(rng.normal(uint64_t(i)));
  double before = 0;
  for (int i = 0; i < kMost; ++i) {
    orthonormalise(s.image);
    gemm({.a = s.image.view(), .b = w, .c = s.left.view(), .transpose_b = true});
    orthonormalise(s.left);
    gemm({.a = s.left.view(), .b = w, .c = s.image.view()});
    const double sum = columns_of(s.image).cast<double>().squaredNorm();
    if (std::abs(sum - before) <= 1e-9 * sum) break;
    before = sum;
  }
  return s;
}

}  // namespace

PrincipalPart principal_part(MatView<const float> w, int64_t rank, uint64_t seed) {
  const int64_t most = std::min(w.rows, w.cols);
  RELATUM_CHECK(rank >= 1 && rank <= most);
  constexpr int64_t kSpare = 16;  // vectors beyond those asked for, which make it settle faster
  const int64_t count = std::min(most, rank + std::max(rank, kSpare));
  Subspace s = find_subspace(w, count, seed);
  const Eigen::BDCSVD<Eigen::MatrixXf> image(columns_of(s.image),
                                             Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::VectorXf roots = image.singularValues().head(rank).cwiseSqrt();
  PrincipalPart part{Matrix<float>(rank, w.rows), Matrix<float>(rank, w.cols)};
  columns_of(part.left) = columns_of(s.left) * image.matrixV().leftCols(rank) * roots.asDiagonal();
  columns_of(part.right) = image.matrixU().leftCols(rank) * roots.asDiagonal();
  return part;
}

}  // namespace relatum::train
