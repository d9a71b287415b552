// The fast loops that exist once per instruction set, as a table of function pointers.
//
// Files in kernels/isa are compiled once per set with that set's flags. They may call nothing
// inline from shared headers: the linker would keep one copy of it, perhaps the wide one, for all.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/activation.h"
#include "kernels/block_formats.h"
#include "tensor/dtype.h"

namespace relatum::kernels {

/// Keys and values of one stretch of context: `count` rows at `k` and `v`.
template <class T>
struct KeySpan {
  const T* k;
  const T* v;
  int64_t count, k_stride, v_stride;
};

/// Attention of n queries of the Q heads that share one key head. The spans come in order of
/// position; the last one is the queries' own rows, seen causally when `causal`, or as `mask`
/// (n x n bytes, own row i sees own row j) says.
template <class T>
struct AttentionTask {
  const T* q;  ///< n rows, heads adjacent: head h at q + h * head_size
  T* out;      ///< forward: result; backward: the saved result
  float* lse;  ///< n x heads: log-sum-exp of the scaled scores
  int64_t n, heads, head_size;
  int64_t q_stride, out_stride, lse_stride;
  const KeySpan<T>* spans;
  int64_t span_count;
  float scale;
  bool causal;
  const uint8_t* mask;
  /// With a window, query i sees no position up to positions[i] - window. Keys of the context, and
  /// own rows without a mask, lie at positions before, before + 1, …; under a mask, own row j lies
  /// at positions[j]. 0: no window.
  int64_t window;
  int64_t before;  ///< keys that were left out in front, as no query sees them
  const int32_t* positions;
  /// Head h's score of a key that lies d positions before the query gains bias[h * bias_stride +
  /// d]; d is negative for later keys. nullptr: nothing.
  const float* bias;
  int64_t bias_stride;
  // Backward only. dk, dv: f32 rows per span (accumulated), stride head rows.
  const T* dout;
  T* dq;
  float* const* dk;
  float* const* dv;
  int64_t dout_stride, dq_stride, dkv_stride;
};

/// One query of one head and one span of the keys that it sees, for the gradient of what its scores
/// gain by distance: sums[-j] += p (dout . v[j] - dout . out), where bias[-j] is key j's.
template <class T>
struct BiasGradient {
  const T* q;
  const T* out;
  const T* dout;
  int64_t head_size;
  KeySpan<T> keys;
  float scale, lse;
  const float* bias;
  float* sums;
};

/// AdamW's numbers for one sweep (Loshchilov & Hutter 2019, algorithm 2; bias-corrected).
struct AdamWStep {
  float learning_rate, beta1, beta2, epsilon, weight_decay;
  float correction1, correction2;  ///< 1 - beta^t
  float grad_scale;                ///< multiplies each gradient first (1/count and clipping)
};

/// y = (scale + shift) * x + bias + add over one row; bias and add may be nullptr.
struct ColumnScale {
  const float* scale;
  float shift;
  const float* bias;
  const float* add;
};

/// sums += factors * (a . b down each column); a, b: `rows` rows.
template <class T>
struct ColumnProducts {
  const T* a;
  int64_t a_stride;
  const T* b;
  int64_t b_stride;
  int64_t rows;
  const float* factors;
  float* sums;
};

/// sums += x down each column, x: `rows` rows.
template <class T>
struct ColumnSums {
  const T* x;
  int64_t stride, rows;
  float* sums;
};

/// One activation f over n values.
template <class T>
struct ActivationLoops {
  void (*plain)(const T* x, T* y, int64_t n);
  void (*plain_backward)(const T* dy, const T* x, T* dx, int64_t n);
  // y = f(gate) * up
  void (*gated)(const T* gate, const T* up, T* y, int64_t n);
  void (*gated_backward)(const T* dy, const T* gate, const T* up, T* dgate, T* dup, int64_t n);
};

/// Loops over one row or one stretch, for activations of type T.
template <class T>
struct TypedTable {
  // y = x * rstd * w, returns rstd = 1 / sqrt(mean(x^2) + eps)
  float (*rmsnorm)(const float* x, const float* w, T* y, float eps, int64_t n);
  // dx += d(rmsnorm)/dx . dy
  void (*rmsnorm_backward)(const T* dy, const float* x, const float* w, float rstd, float* dx,
                           int64_t n);
  ActivationLoops<T> activations[kActivations];  // by their number
  // rotates pairs (i, i + half) of each head by (cos, sin); sign -1 rotates back
  void (*rope)(T* x, const float* cosine, const float* sine, float sign, int64_t heads,
               int64_t half);
  // y = x kept with probability 1 - p and scaled by 1 / (1 - p); the mask is a function of key
  void (*dropout)(const T* x, T* y, uint64_t key, float p, int64_t n);
  // y += dropout(x) with the same mask
  void (*dropout_add)(const T* x, T* y, uint64_t key, float p, int64_t n);
  // y = x times an orthonormal symmetric matrix: see hadamard_rows()
  void (*hadamard)(const T* x, float* y, int64_t n);
  // q = x / s rounded to nearest even, s = max |x| / 127; returns s
  float (*quantise)(const T* x, int8_t* q, int64_t n);
  // the same, s = max |x| / most, most below 2^15
  float (*quantise_wide)(const T* x, int16_t* q, float most, int64_t n);
  // y = s * x + bias + add; bias and add may be nullptr, x may be y
  void (*rescale)(const T* x, float s, const float* bias, const float* add, T* y, int64_t n);
  // y may be x
  void (*scale_columns)(const ColumnScale& task, const T* x, T* y, int64_t n);
  // y += (scale + shift) * x; scale may be nullptr
  void (*add_columns)(const float* scale, float shift, const T* x, T* y, int64_t n);
  // columns [begin, end)
  void (*column_products)(const ColumnProducts<T>& task, int64_t begin, int64_t end);
  // columns [begin, end)
  void (*column_sums)(const ColumnSums<T>& task, int64_t begin, int64_t end);
  void (*to_f32)(const T* x, float* y, int64_t n);
  void (*from_f32)(const float* x, T* y, int64_t n);
  void (*attention)(const AttentionTask<T>& task, float* scratch);
  void (*attention_backward)(const AttentionTask<T>& task, float* scratch);
  void (*bias_gradient)(const BiasGradient<T>& task);
  // logits (f32) to dlogits = softmax - onehot(target) in T; returns -log p(target)
  double (*cross_entropy_backward)(const float* logits, int32_t target, T* dlogits, int64_t n);
};

/// Weight and bias of a layer norm, and what keeps its root from zero.
struct LayerNormParameters {
  const float* weight;
  const float* bias;
  float epsilon;
};

/// weight += dy * (x - mean) * rstd and bias += dy down each column. stats: mean and rstd per row;
/// weight or bias may be nullptr.
struct LayerNormGradients {
  const float* dy;
  int64_t dy_stride;
  const float* x;
  int64_t x_stride;
  const float* stats;
  int64_t rows;
  float* weight;
  float* bias;
};

/// An activation in bf16, T x K. kept: a bit per element, in words of 32 columns per row; elements
/// without theirs count as zero. nullptr: all count.
struct LoraRows {
  const bf16* data;
  int64_t rows, cols, stride;
  const uint32_t* kept;
  int64_t kept_stride;
};

/// low (T x R) = scale * x (T x K) . factor^T (R x K)
struct LoraDown {
  LoraRows x;
  const bf16* factor;
  int64_t rank, factor_stride;
  float scale;
  bf16* low;
  int64_t low_stride;
};

/// y (T x N) += scale * low (T x R) . factor (R x N), where kept. R is at most 512.
struct LoraUp {
  const bf16* low;
  int64_t rank, low_stride;
  const bf16* factor;
  int64_t cols, factor_stride;
  float scale;
  const uint32_t* kept;
  int64_t kept_stride;
  void* y;
  bool narrow;  ///< y is bf16, else f32
  int64_t y_stride;
};

/// gradient (R x K) += scale * low^T . x. low_pairs: ceil(T / 2) x R, two rows of low in one word.
struct LoraGradient {
  LoraRows x;
  const uint32_t* low_pairs;
  int64_t rank;
  float scale;
  float* gradient;
  int64_t gradient_stride;
};

/// y (T x N) = x . W^T; x in 8-bit integers, blocks of 32 with a scale and the sum of their values;
/// W: N rows of K values in a block format.
struct BlockProduct {
  const int8_t* codes;
  const float* scales;
  const float* sums;
  int64_t rows, cols;
  const std::byte* weights;
  float* y;
  int64_t y_stride;
};

/// The same with x in f32. sums: of each block's values.
struct FloatBlockProduct {
  const float* x;
  int64_t x_stride;
  const float* sums;
  int64_t rows, cols;
  const std::byte* weights;
  float* y;
  int64_t y_stride;
};

/// y (T x N) = x_scale * w_scale * (x . W^T) + bias + add, in integers: x of 16 bits, T x K, K even
/// (2 * pairs); W in 8 bits, in panels of outputs, which hold both integers of a pair side by side.
struct IntegerProduct {
  const int16_t* x;
  const float* x_scales;  ///< T
  int64_t pairs, x_stride;
  const int8_t* panels;
  const float* w_scales;  ///< N, in memory for whole panels
  int64_t outputs;
  const float* bias;  ///< N, or nullptr
  const float* add;   ///< T x N, or nullptr
  int64_t add_stride;
  void* y;
  bool narrow;  ///< y is bf16, else f32
  int64_t y_stride;
};

/// Columns [begin, end) of y, by BlockFormat.
template <class Task>
struct BlockProductsOf {
  void (*of[kBlockFormats])(const Task& task, int64_t begin, int64_t end);
};
using BlockProducts = BlockProductsOf<BlockProduct>;

struct Table {
  TypedTable<float> f32;
  TypedTable<bf16> b16;
  // stats: mean and 1 / standard deviation of the row
  void (*layernorm)(const float* x, const LayerNormParameters& p, float* y, float* stats,
                    int64_t n);
  void (*layernorm_backward)(const float* dy, const float* x, const float* w, const float* stats,
                             float* dx, int64_t n);
  // columns [begin, end)
  void (*layernorm_gradients)(const LayerNormGradients& task, int64_t begin, int64_t end);
  void (*add)(const float* x, float* y, int64_t n);  // y += x
  double (*sum_squares)(const float* x, int64_t n);
  double (*log_sum_exp)(const float* x, int64_t n);
  int64_t (*largest)(const float* x, int64_t n);  // the first of them
  void (*adamw)(const AdamWStep& step, float* value, const float* grad, float* m, float* v,
                int64_t n);
  // bit i of words: dropout's mask keeps element i
  void (*dropout_bits)(uint64_t key, float p, uint32_t* words, int64_t n);
  // Rows [begin, end); nullptr where the set has no products of bf16.
  void (*lora_down)(const LoraDown& task, int64_t begin, int64_t end);
  void (*lora_up)(const LoraUp& task, int64_t begin, int64_t end);
  // Tiles [begin, end) of 32 columns.
  void (*lora_gradient)(const LoraGradient& task, int64_t begin, int64_t end);
  // As b16's, with weights and their gradients rounded to bf16; for head sizes that are multiples
  // of 16. nullptr where the set has no products of bf16.
  void (*attention_bf16)(const AttentionTask<bf16>& task, float* scratch);
  void (*attention_backward_bf16)(const AttentionTask<bf16>& task, float* scratch);
  // The second: for CPUs with the set's VNNI.
  BlockProducts blocks, vnni_blocks;
  BlockProductsOf<FloatBlockProduct> float_blocks;
  // Rows [begin, end) of one panel of integer_width outputs; the second as above.
  int64_t integer_width;
  void (*integer_product)(const IntegerProduct& task, int64_t begin, int64_t end, int64_t panel);
  void (*vnni_integer_product)(const IntegerProduct& task, int64_t begin, int64_t end,
                               int64_t panel);
};

/// Floats of scratch that one attention task needs, forward or backward.
int64_t attention_scratch(int64_t keys, int64_t head_size, bool backward);

namespace avx2 {
const Table& table();
}
namespace avx512 {
const Table& table();
}

/// The table of the set in use (kernels/cpu.h).
const Table& table();
template <class T>
const TypedTable<T>& typed_table();

}  // namespace relatum::kernels
