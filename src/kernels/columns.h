// Matrices whose columns have a factor each, as an adapter's magnitudes give them, and sums down
// columns, as biases and norms gain them.
#pragma once

#include <span>

#include "tensor/mat.h"

namespace relatum::kernels {

/// y = (scale[n] + shift) * x + bias[n] + add. x, y: T x N of one type, y may be x; scale: N; bias:
/// N or empty; add: T x N f32 or empty.
void scale_columns(ConstMat x, std::span<const float> scale, float shift,
                   std::span<const float> bias, ConstMat add, Mat y);
/// y += (scale[n] + shift) * x; without a scale: y += shift * x. x, y: T x N of one type.
void add_columns(ConstMat x, std::span<const float> scale, float shift, Mat y);
/// sums[n] += factors[n] * sum over rows of a * b, row after row. a, b: T x N of one type.
void column_products(ConstMat a, ConstMat b, std::span<const float> factors, std::span<float> sums);

/// sums[n] += sum over rows of x, row after row. x: T x N.
void add_column_sums(ConstMat x, std::span<float> sums);
/// What a layer norm's own numbers gain: weight += dy * (x - mean) * rstd and bias += dy down each
/// column, row after row. dy, x: T x D; stats: T x 2 (kernels::layernorm). Either may be nullptr.
void layernorm_gradients(MatView<const float> dy, MatView<const float> x, const float* stats,
                         float* weight, float* bias);

}  // namespace relatum::kernels
