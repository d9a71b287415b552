// Block subspace iteration; rows are vectors throughout.
#include "train/principal.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "kernels/gemm.h"

namespace relatum::train {
namespace {

using kernels::gemm;

double dot(const float* a, const float* b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += double(a[i]) * double(b[i]);
  return sum;
}

// Makes the rows orthonormal, each against those before it, twice: once is not enough where rows
// are nearly parallel. A row that the others span becomes zero.
void orthonormalise(MatView<float> rows) {
  for (int64_t i = 0; i < rows.rows; ++i) {
    float* row = rows.row(i);
    const double before = std::sqrt(dot(row, row, rows.cols));
    for (int pass = 0; pass < 2; ++pass) {
      for (int64_t j = 0; j < i; ++j) {
        const auto along = float(dot(rows.row(j), row, rows.cols));
        for (int64_t k = 0; k < rows.cols; ++k) row[k] -= along * rows.row(j)[k];
      }
    }
    const double norm = std::sqrt(dot(row, row, rows.cols));
    const bool spanned = norm <= 1e-6 * before;  // what rounding leaves of nothing
    const float factor = spanned ? 0.0f : float(1 / norm);
    for (int64_t k = 0; k < rows.cols; ++k) row[k] *= factor;
  }
}

// Cyclic Jacobi (Golub & Van Loan, 8.5): `a`, n x n and symmetric, becomes diagonal; rows of
// `vectors` become its eigenvectors.
void eigen(std::vector<double>& a, std::vector<double>& vectors, int64_t n) {
  const auto at = [n](std::vector<double>& m, int64_t i, int64_t j) -> double& {
    return m[size_t(i * n + j)];
  };
  vectors.assign(size_t(n * n), 0.0);
  for (int64_t i = 0; i < n; ++i) at(vectors, i, i) = 1;
  for (int sweep = 0; sweep < 60; ++sweep) {
    double off = 0, on = 0;
    for (int64_t i = 0; i < n; ++i) {
      on += at(a, i, i) * at(a, i, i);
      for (int64_t j = 0; j < i; ++j) off += at(a, i, j) * at(a, i, j);
    }
    if (off <= 1e-30 * on) return;
    for (int64_t p = 0; p < n; ++p) {
      for (int64_t q = p + 1; q < n; ++q) {
        const double apq = at(a, p, q);
        if (apq == 0) continue;
        const double theta = (at(a, q, q) - at(a, p, p)) / (2 * apq);
        const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        const auto turn = [&](double& x, double& y) {
          const double old = x;
          x = c * old - s * y;
          y = s * old + c * y;
        };
        for (int64_t k = 0; k < n; ++k) turn(at(a, k, p), at(a, k, q));
        for (int64_t k = 0; k < n; ++k) turn(at(a, p, k), at(a, q, k));
        for (int64_t k = 0; k < n; ++k) turn(at(vectors, p, k), at(vectors, q, k));
      }
    }
  }
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
    orthonormalise(s.image.view());
    gemm({.a = s.image.view(), .b = w, .c = s.left.view(), .transpose_b = true});
    orthonormalise(s.left.view());
    gemm({.a = s.left.view(), .b = w, .c = s.image.view()});
    const double sum = dot(s.image.row(0), s.image.row(0), count * w.cols);
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
  const Subspace s = find_subspace(w, count, seed);
  std::vector<double> squares(size_t(count * count)), vectors;
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t j = 0; j <= i; ++j) {
      const double value = dot(s.image.row(i), s.image.row(j), w.cols);
      squares[size_t(i * count + j)] = squares[size_t(j * count + i)] = value;
    }
  }
  eigen(squares, vectors, count);
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  const auto value_of = [&](int64_t i) { return squares[size_t(i * count + i)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return value_of(a) > value_of(b); });
  PrincipalPart part{Matrix<float>(rank, w.rows), Matrix<float>(rank, w.cols)};
  part.left.zero();
  part.right.zero();
  for (int64_t r = 0; r < rank; ++r) {
    const int64_t own = order[size_t(r)];
    const double sigma = std::sqrt(std::max(0.0, value_of(own)));
    if (!(sigma > 0)) continue;
    const double root = std::sqrt(sigma);
    for (int64_t i = 0; i < count; ++i) {
      const double share = vectors[size_t(own * count + i)];
      for (int64_t n = 0; n < w.rows; ++n) {
        part.left.row(r)[n] += float(root * share * double(s.left.row(i)[n]));
      }
      for (int64_t k = 0; k < w.cols; ++k) {
        part.right.row(r)[k] += float(share / root * double(s.image.row(i)[k]));
      }
    }
  }
  return part;
}

}  // namespace relatum::train
