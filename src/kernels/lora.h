// Products of activations with an adapter's thin factors, in bf16, and dropout's masks as bits.
#pragma once

#include <cstdint>

#include "kernels/rows.h"
#include "tensor/mat.h"

namespace relatum::kernels {

/// Which elements of T rows dropout keeps, a bit each, in words of 32 columns.
struct KeptBits {
  uint32_t* words = nullptr;  ///< nullptr: all are kept
  int64_t stride = 0;         ///< words of a row
};

/// Words that a row of `cols` elements takes.
inline int64_t kept_words(int64_t cols) { return (cols + 31) / 32; }
/// The masks that dropout() would apply: |keys| rows of `cols`.
void dropout_bits(const DropoutMask& mask, int64_t cols, KeptBits out);

/// Whether the products below serve a factor of this rank here: any rank where the CPU has bf16
/// instructions. Elsewhere gemm() does the work.
bool has_lora_kernels(int64_t rank);

/// low = scale * x . factor^T, elements of x that are not kept counting as zero.
/// x: T x K, factor: R x K, low: T x R, all bf16.
void lora_down(const ConstMat& x, KeptBits kept, const ConstMat& factor, float scale,
               const Mat& low);
/// y += scale * low . factor where kept. low: T x R, factor: R x N, both bf16; y: T x N, bf16 or
/// f32. A y in bf16 is rounded once for each 512 ranks.
void lora_up(const ConstMat& low, const ConstMat& factor, float scale, KeptBits kept, const Mat& y);
/// gradient += scale * low^T . x, elements of x that are not kept counting as zero.
/// low: T x R, x: T x K, both bf16; gradient: R x K, f32. pairs: scratch of ceil(T / 2) * R words.
void lora_gradient(const ConstMat& low, const ConstMat& x, KeptBits kept, float scale,
                   uint32_t* pairs, MatView<float> gradient);

}  // namespace relatum::kernels
