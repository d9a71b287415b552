// Products of few rows with weights as they are stored: what generating one token at a time needs,
// where reading the weights takes all the time.
#pragma once

#include <span>
#include <string_view>

#include "tensor/mat.h"

namespace relatum::kernels {

/// T rows of K values in 8-bit integers, each 32 of them with a scale of their own.
struct BlockRows {
  int64_t rows = 0, cols = 0;
  int8_t* codes = nullptr;  ///< T x K
  float* scales = nullptr;  ///< T x K / 32
  float* sums = nullptr;    ///< T x K / 32: what each block's values add up to, as rounded
};

/// Whether block_product() serves this number format: those of kernels/block_formats.h.
bool has_block_product(std::string_view format);
/// T rows of K values as they are, and what each 32 of them add up to.
struct FloatRows {
  MatView<const float> x;
  float* sums = nullptr;  ///< T x K / 32
};

/// x (f32 or bf16, K a multiple of 32) as integers. `out` has memory for it.
void quantise_blocks(ConstMat x, const BlockRows& out);
/// Columns [begin, end) of y (T x N) = x W^T. weights: N rows of K values in `format`.
void block_product(std::string_view format, const BlockRows& x, std::span<const std::byte> weights,
                   MatView<float> y, int64_t begin, int64_t end);

/// The sums of x, whose K is a multiple of 32.
void sum_blocks(const FloatRows& rows);
/// The same product in f32.
void block_product(std::string_view format, const FloatRows& x, std::span<const std::byte> weights,
                   MatView<float> y, int64_t begin, int64_t end);

}  // namespace relatum::kernels
