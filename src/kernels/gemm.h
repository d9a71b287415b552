// Dense products on views, by oneDNN: f32 or bf16 in, f32 accumulation, f32 or bf16 out.
#pragma once

#include <cstdint>

#include "tensor/mat.h"

namespace relatum::kernels {

/// c = alpha * op(a) · op(b) (+ c) (+ add), with op(a) M x K, op(b) K x N, c M x N.
/// a and b have the same type; c is f32, or bf16 where a and b are.
struct GemmArgs {
  Mat a, b, c;
  bool transpose_a = false;  ///< a is stored K x M
  bool transpose_b = false;  ///< b is stored N x K, as a linear's weight is
  bool accumulate = false;   ///< adds to what c holds
  float alpha = 1.0f;
  Mat add;                   ///< optional M x N f32 matrix, added at the end (a residual); c is f32
  Mat bias;                  ///< optional 1 x N f32 row, added to each row
};

/// Computes the product on all threads. Empty M or N: nothing; empty K: c as if the product were
/// zero. Compiled kernels are kept per shape (bounded); safe from several threads.
void gemm(const GemmArgs& args);

/// Kernels compiled so far, to tell whether a warmed-up step still waits for the compiler.
int64_t gemm_kernels_built();

}  // namespace relatum::kernels
