// Splits the thin products over threads: rows, or columns where rows are summed.
#include "kernels/lora.h"

#include <algorithm>

#include "base/error.h"
#include "base/parallel_for.h"
#include "base/rng.h"
#include "kernels/cpu.h"
#include "kernels/isa/table.h"

namespace relatum::kernels {
namespace {

constexpr int64_t kGrain = 16;    // rows that are worth a thread
constexpr int64_t kUpRank = 512;  // ranks that LoraUp takes at once

const bf16* narrow(const ConstMat& m) { return m.as<bf16>().data; }

LoraRows rows_of(const ConstMat& x, KeptBits kept) {
  return {narrow(x), x.rows, x.cols, x.stride, kept.words, kept.stride};
}

// Words of two rows' values, the even row's in the lower half; the last row may be alone.
void pair_rows(MatView<const bf16> low, uint32_t* pairs) {
  parallel_for((low.rows + 1) / 2, 4 * kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const bf16* even = low.row(2 * p);
      const bf16* odd = 2 * p + 1 < low.rows ? low.row(2 * p + 1) : nullptr;
      for (int64_t r = 0; r < low.cols; ++r) {
        pairs[p * low.cols + r] = even[r].bits | (odd ? uint32_t{odd[r].bits} << 16 : 0u);
      }
    }
  });
}

}  // namespace

void dropout_bits(const DropoutMask& mask, int64_t cols, KeptBits out) {
  parallel_for(int64_t(mask.keys.size()), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const uint64_t key = mix64(mask.keys[size_t(r)] ^ mask.salt);
      table().dropout_bits(key, mask.p, out.words + r * out.stride, cols);
    }
  });
}

bool has_lora_kernels(int64_t rank) { return has_fast_bf16() && table().lora_down && rank > 0; }

void lora_down(const ConstMat& x, KeptBits kept, const ConstMat& factor, float scale,
               const Mat& low) {
  RELATUM_CHECK(factor.cols == x.cols && low.rows == x.rows && low.cols == factor.rows);
  const LoraDown task{rows_of(x, kept),    narrow(factor), factor.rows, factor.stride, scale,
                      low.as<bf16>().data, low.stride};
  parallel_for(x.rows, kGrain,
               [&](int64_t begin, int64_t end) { table().lora_down(task, begin, end); });
}

void lora_up(const ConstMat& low, const ConstMat& factor, float scale, KeptBits kept,
             const Mat& y) {
  RELATUM_CHECK(low.cols == factor.rows && y.rows == low.rows && y.cols == factor.cols);
  RELATUM_CHECK(has_lora_kernels(low.cols));
  for (int64_t begin = 0; begin < low.cols; begin += kUpRank) {
    const int64_t ranks = std::min(kUpRank, low.cols - begin);
    const LoraUp task{narrow(low) + begin,
                      ranks,
                      low.stride,
                      narrow(factor) + begin * factor.stride,
                      factor.cols,
                      factor.stride,
                      scale,
                      kept.words,
                      kept.stride,
                      y.data,
                      y.type == DType::kBF16,
                      y.stride};
    parallel_for(y.rows, kGrain,
                 [&](int64_t first, int64_t last) { table().lora_up(task, first, last); });
  }
}

void lora_gradient(const ConstMat& low, const ConstMat& x, KeptBits kept, float scale,
                   uint32_t* pairs, MatView<float> gradient) {
  RELATUM_CHECK(low.rows == x.rows && gradient.rows == low.cols && gradient.cols == x.cols);
  pair_rows(low.as<bf16>(), pairs);
  const LoraGradient task{rows_of(x, kept), pairs, low.cols, scale, gradient.data, gradient.stride};
  parallel_for(kept_words(x.cols), 1,
               [&](int64_t begin, int64_t end) { table().lora_gradient(task, begin, end); });
}

}  // namespace relatum::kernels
