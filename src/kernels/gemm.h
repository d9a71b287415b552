// Dense products on views, by oneDNN: f32, bf16 or int8 in, f32 accumulation, f32 or bf16 out.
#pragma once

#include <cstdint>
#include <memory>

#include "tensor/mat.h"

namespace relatum::kernels {

/// A right-hand side that many products share, in the layout that they read fastest.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  /// Copies b, which is not empty: K x N, or stored N x K if `transposed`.
  PackedMatrix(const ConstMat& b, bool transposed);

  /// A linear's weight (N x K) in 8-bit integers, each output with a scale of its own: its largest
  /// magnitude / 127. N and K are not zero.
  static PackedMatrix quantised(MatView<const float> weight);

  explicit operator bool() const { return layout_ != nullptr; }
  DType type() const { return type_; }
  int64_t rows() const { return rows_; }  ///< K
  int64_t cols() const { return cols_; }  ///< N
  size_t bytes() const;

  struct Layout;
  const Layout& layout() const { return *layout_; }

 private:
  DType type_ = DType::kF32;
  int64_t rows_ = 0, cols_ = 0;
  std::shared_ptr<const Layout> layout_;
};

/// c = alpha * op(a) · op(b) (+ c) (+ add), with op(a) M x K, op(b) K x N, c M x N.
/// a and b have the same type; c is f32, or bf16 where a and b are bf16 or int8. Integers are
/// summed exactly; a quantised() matrix's scales are multiplied in, those of a's rows are not.
struct GemmArgs {
  ConstMat a, b;
  Mat c;
  const PackedMatrix* packed = nullptr;  ///< stands for op(b) where set; b is empty then
  bool transpose_a = false;              ///< a is stored K x M
  bool transpose_b = false;              ///< b is stored N x K, as a linear's weight is
  bool accumulate = false;               ///< adds to what c holds
  float alpha = 1.0f;
  ConstMat add;   ///< optional M x N f32 matrix, added at the end (a residual); c is f32
  ConstMat bias;  ///< optional 1 x N f32 row, added to each row
};

/// Whether products with a PackedMatrix of this type are faster here than with the matrix itself.
/// Not of f32 with AVX2, where oneDNN blocks copies of its own either way; so one plain matrix
/// serves forward and backward.
bool packing_pays(DType type);

/// The row count that gemm() compiles a product of m rows for, where its matrices have the spare
/// rows: a few sizes serve all batches.
constexpr int64_t rounded_rows(int64_t m) {
  const int64_t step = m <= 8 ? 1 : m <= 64 ? 8 : 32;
  return (m + step - 1) / step * step;
}

/// Computes the product on all threads. Empty M or N: nothing; empty K: c as if the product were
/// zero. Compiled kernels are kept per shape (bounded); safe from several threads. Spare rows of
/// c may be overwritten with anything.
void gemm(const GemmArgs& args);

/// Kernels compiled so far, to tell whether a warmed-up step still waits for the compiler.
int64_t gemm_kernels_built();

}  // namespace relatum::kernels
