// The best approximation of a matrix by one of low rank.
#pragma once

#include <cstdint>

#include "tensor/buffer.h"
#include "tensor/mat.h"

namespace relatum::train {

/// left^T right is the nearest matrix of rank R (Eckart & Young 1936): rows of `left` and `right`
/// are singular vectors, each times the root of its singular value, largest first.
struct PrincipalPart {
  Matrix<float> left;   ///< R x N
  Matrix<float> right;  ///< R x K
};

/// Of w (N x K), for R up to the smaller of N and K: subspace iteration with more vectors than are
/// asked for (Halko, Martinsson & Tropp 2011, arXiv 0909.4061, algorithm 4.4), until the sum of the
/// squared singular values settles, and an eigenvalue problem of their number. The first vectors
/// are drawn from `seed`. The same bits each time with the same number of threads.
PrincipalPart principal_part(MatView<const float> w, int64_t rank, uint64_t seed);

}  // namespace relatum::train
