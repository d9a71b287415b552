// Row-wise maths on matrices of f32 or bf16, spread over all threads.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/activation.h"
#include "tensor/mat.h"

namespace relatum::kernels {

/// y = x * rstd * w per row. x: T x D f32; w: D; y: T x D; rstd: T, saved for the backward pass.
/// (Zhang & Sennrich 2019; arXiv 1910.07467)
void rmsnorm(MatView<const float> x, const float* w, float eps, Mat y, float* rstd);
/// dx += rstd * (dy*w - x * rstd^2 * mean(dy*w*x)). dx: T x D f32.
void rmsnorm_backward(ConstMat dy, MatView<const float> x, const float* w, const float* rstd,
                      MatView<float> dx);
/// dw += sum over rows of dy * x * rstd, row after row.
void rmsnorm_weight_gradient(ConstMat dy, MatView<const float> x, const float* rstd, float* dw);

/// rmsnorm() of each head of a row alone. x, y: T x nK in one type, y may be x; w: K, at most 1024;
/// rstd: T x n, or nullptr where no backward pass follows.
void rmsnorm_heads(ConstMat x, int64_t head_size, const float* w, float eps, Mat y, float* rstd);
/// dx from dy; overwrites dx, which may not be x or dy.
void rmsnorm_heads_backward(ConstMat dy, ConstMat x, int64_t head_size, const float* w,
                            const float* rstd, Mat dx);
/// dw += sum over rows and heads of dy * x * rstd, row after row. dw: K.
void rmsnorm_heads_weight_gradient(ConstMat dy, ConstMat x, int64_t head_size, const float* rstd,
                                   float* dw);

/// y = (x - mean) * rstd * w + b per row; stats: T x 2 (mean, rstd).
void layernorm(MatView<const float> x, const float* w, const float* b, float eps, MatView<float> y,
               float* stats);
void layernorm_backward(MatView<const float> dy, MatView<const float> x, const float* w,
                        const float* stats, MatView<float> dx);

/// y = f(gate) * up. gate_up: T x 2F, the gate in the left half; y: T x F. (Shazeer 2020)
void gate(Activation f, ConstMat gate_up, Mat y);
/// dgate_up from dy; may not alias gate_up.
void gate_backward(Activation f, ConstMat dy, ConstMat gate_up, Mat dgate_up);

/// y = f(x), T x F.
void activate(Activation f, ConstMat x, Mat y);
void activate_backward(Activation f, ConstMat dy, ConstMat x, Mat dx);

/// Rotates in place the pairs (i, i + K/2) of each head by the row's position; `inverse` rotates
/// back (the gradient). x: T x (heads * K); angles: T x K, cosines then sines.
/// (Su et al. 2021; Hugging Face's half-split layout)
void rope(Mat x, int64_t head_size, MatView<const float> angles, bool inverse);

/// Row r of y is row r of x with elements zeroed with probability p and the rest scaled by
/// 1/(1-p); the mask is a function of keys[r] and salt alone. `add` adds to y instead.
struct DropoutMask {
  std::span<const uint64_t> keys;  ///< one per row
  uint64_t salt = 0;               ///< tells layers and steps apart
  float p = 0;
};
void dropout(ConstMat x, const DropoutMask& mask, bool add, Mat y);

/// Each row of x times the same orthonormal symmetric matrix, so that products of two such rows
/// stay what they were, but large values are spread over up to 64 places (QuaRot, arXiv
/// 2404.00456): Hadamard matrices over blocks of 64, 32 or 16 values, as K allows; a K that is
/// no multiple of 16 is left as it is. y: T x K f32, may be x.
void hadamard_rows(ConstMat x, MatView<float> y);
/// Per row: codes = x / scales[r] rounded to nearest even, scales[r] = max |x| / 127. codes: T x K
/// int8. A row of zeros, or one with a number that is not finite, has codes of no meaning and a
/// scale that is zero or not finite.
void quantise_rows(ConstMat x, MatView<int8_t> codes, std::span<float> scales);
/// quantise_rows() of hadamard_rows(x). scratch: thread_count() x K.
void quantise_turned_rows(ConstMat x, MatView<int8_t> codes, std::span<float> scales,
                          MatView<float> scratch);
/// The same to integers of up to `most`, which is below 2^15: scales[r] = max |x| / most.
void quantise_turned_rows(ConstMat x, MatView<int16_t> codes, float most, std::span<float> scales,
                          MatView<float> scratch);
/// y = scales[r] * y per row (no scales: y itself), plus the bias row (N, optional) and `add`
/// (T x N f32, optional).
void rescale_rows(Mat y, std::span<const float> scales, std::span<const float> bias, ConstMat add);

/// y = x converted to y's type.
void convert(ConstMat x, Mat y);
/// y += x.
void add(MatView<const float> x, MatView<float> y);
/// Rows x[rows[i]] to y[i]; the reverse adds y[i] to x[rows[i]] (rows must be distinct).
void gather_rows(ConstMat x, std::span<const int64_t> rows, Mat y);
void scatter_add_rows(MatView<const float> y, std::span<const int64_t> rows, MatView<float> x);
/// x[rows[i]] += y[i], i after i: rows may repeat.
void add_to_rows(MatView<const float> y, std::span<const int32_t> rows, MatView<float> x);

/// Per row: dlogits = softmax(logits) - onehot(target); returns the sum of -log p(target).
/// logits: T x V f32; dlogits: T x V f32 or bf16 (no data: only the loss); losses: scratch, T.
double cross_entropy(MatView<const float> logits, std::span<const int32_t> targets, Mat dlogits,
                     std::span<double> losses);
/// The index of the largest value, the first where several are. At least one; none is NaN.
int64_t largest(std::span<const float> row);
/// out[t] = log sum_v exp(logits[t][v]).
void log_sum_exp(MatView<const float> logits, std::span<double> out);

}  // namespace relatum::kernels
