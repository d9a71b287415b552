// Products of integers, for inference: weights in 8 bits, inputs in as many as the CPU likes.
#pragma once

#include <span>
#include <vector>

#include "base/arena.h"
#include "kernels/gemm.h"
#include "tensor/buffer.h"
#include "tensor/mat.h"

namespace relatum::kernels {

/// A linear's weight (N x K), turned by hadamard_rows(), in 8-bit integers, each output with a
/// scale of its own: its largest magnitude / 127. Laid out for the products that serve here:
/// oneDNN's where the CPU has AVX512_VNNI, else our own (isa/integer_parts.h), as oneDNN's 8-bit
/// products saturate without VNNI.
class IntegerWeights {
 public:
  IntegerWeights() = default;
  /// weight: is turned in place. N and K are not zero.
  explicit IntegerWeights(MatView<float> weight);

  explicit operator bool() const { return packed_ || panels_.size() > 0; }
  size_t bytes() const;

  /// y = x W^T (+ bias) (+ add), x: T x K, y: T x N in f32 or bf16, bias: N or empty, add: T x N
  /// f32 or empty. Rows of x are turned and rounded to integers with a scale per row: of 8 bits for
  /// oneDNN's products, else of up to 14. Integers are summed exactly; with oneDNN's products a y
  /// in bf16 is rounded twice, before the rows' scales are multiplied in and after it. arena: for
  /// scratch.
  void multiply(ConstMat x, Mat y, std::span<const float> bias, ConstMat add, Arena& arena) const;

 private:
  void multiply_packed(ConstMat x, Mat y, std::span<const float> bias, ConstMat add,
                       Arena& arena) const;
  void multiply_panels(ConstMat x, Mat y, std::span<const float> bias, ConstMat add,
                       Arena& arena) const;

  PackedMatrix packed_;
  Buffer panels_;  // per panel of outputs: per pair of K, each output's two integers
  std::vector<float> scales_;
  int64_t in_ = 0, out_ = 0;
};

}  // namespace relatum::kernels
