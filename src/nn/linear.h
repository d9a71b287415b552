// The linear layer: weights in any format, optional bias, and the adapter beside them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernels/gemm.h"
#include "kernels/integers.h"
#include "nn/adapter_rows.h"
#include "nn/graph.h"
#include "nn/lora.h"
#include "tensor/buffer.h"
#include "tensor/weight.h"

namespace relatum::nn {

/// Up to so many rows, reading the weights takes longer than multiplying them: they are multiplied
/// with the weights as they are stored, where block_product() serves that format.
inline constexpr int64_t kStoredRows = 4;

/// One or several projections of the same input, computed as one product: y = x W^T + bias
/// (+ adapters). x: T x K, y: T x N, the parts' outputs side by side. Prepared once; from then on
/// nothing in it changes, and any number of threads and adapters may share it.
class Linear {
 public:
  struct Part {
    std::string name;   ///< as in the architecture's Hugging Face form, e.g. "…q_proj"
    Weight weight;      ///< N_p x K
    int64_t begin = 0;  ///< first column of its output
  };

  Linear() = default;
  /// Weights of equal K, in the order of their outputs. bias: sum of N_p values or empty.
  Linear(std::vector<Part> parts, std::vector<float> bias = {});

  int64_t in() const { return in_; }
  int64_t out() const { return out_; }
  DType compute() const { return compute_; }
  const std::vector<Part>& parts() const { return parts_; }
  /// To change where their weights lie, before prepare_trained().
  std::vector<Part>& mutable_parts() { return parts_; }
  /// N values, or none.
  std::span<const float> bias() const { return {bias_, bias_ ? size_t(out_) : 0}; }
  /// The bias by the parts that it belongs to, "NAME.bias"; empty where there is none. To change
  /// where it lies, before prepare_trained().
  std::vector<Weight>& mutable_biases() { return biases_; }

  /// Fixes the compute type. resident: decoded weights are kept, packed for the products where that
  /// pays; otherwise they are decoded for each use, and only the stored form stays in memory.
  /// scratch: where weights are decoded, grown as needed; one for many linears leaves fewer holes
  /// in the heap.
  void prepare(DType compute, bool resident, Buffer* scratch = nullptr);
  /// For linears whose decoded weights are kept and packed: packs them once more, for the backward
  /// pass, which decodes them for each use otherwise.
  void prepare_backward(Buffer* scratch = nullptr);
  /// Fixes the compute type of what goes in and out, and computes the products between in integers
  /// (kernels/integers.h). For inference alone. `adapter` (or nullptr) becomes part of the weights,
  /// without its dropout; passes are not given it any more, but its numbers must outlive the
  /// layer's use.
  void prepare_int8(DType compute, const LoraGroup* adapter);
  /// For linears whose weights are trained themselves: those of the parts are f32, lie one behind
  /// the other, as do the biases, and change between passes. What was prepared before is given
  /// back.
  void prepare_trained();
  /// Called when trained weights have changed: brings a copy in the compute type up to date.
  void refresh();
  /// Where trained weights lie, N x K; nullptr: they are frozen.
  const float* trained() const { return trained_; }
  /// y = x W^T + bias (+ add), without the adapter. add: f32 like y, or empty.
  void multiply(Graph& graph, ConstMat x, Mat y, ConstMat add = {}) const;
  /// y = x W^T alone.
  void multiply_bare(Graph& graph, ConstMat x, Mat y) const;
  /// dx = dy W, or dx += dy W if `add`.
  void multiply_back(Graph& graph, ConstMat dy, Mat dx, bool add) const;
  /// Bytes that kept decoded weights take, beside trained ones.
  size_t resident_bytes() const {
    return plain_.size() + forward_.bytes() + backward_.bytes() + integers_.bytes();
  }
  /// Whether they are kept as they are, which serves forward and backward alike.
  bool keeps_plain() const { return plain_.size() > 0 || trained_; }
  /// Whether they are decoded for each use.
  bool decodes() const { return resident_bytes() == 0 && !trained_; }

 private:
  bool stored_blocks() const;
  template <class Product>
  void multiply_parts(MatView<float> y, const Product& product) const;
  void multiply_with(Graph& graph, ConstMat x, Mat y, std::span<const float> bias,
                     ConstMat add) const;
  void multiply_stored(Graph& graph, ConstMat x, Mat y, std::span<const float> bias,
                       ConstMat add) const;
  ConstMat plain() const;
  Mat decoded(Graph& graph) const;
  kernels::PackedMatrix packed(bool transposed, Buffer* scratch) const;
  void decode_into(Mat out) const;
  std::vector<Part> parts_;
  std::vector<Weight> biases_;   // of the parts, or empty
  const float* bias_ = nullptr;  // where they lie, one behind the other
  int64_t in_ = 0, out_ = 0;
  DType compute_ = DType::kF32;
  Buffer plain_;                    // N x K
  const float* trained_ = nullptr;  // N x K, where the parts' weights lie
  kernels::PackedMatrix forward_;
  kernels::PackedMatrix backward_;
  kernels::IntegerWeights integers_;
  const LoraGroup* merged_ = nullptr;  // the adapter that is part of integers_
  bool blocks_ = false;                // few rows are multiplied with the stored weights
};

/// The adapter of a pass, and what its dropout needs to know; p comes from the adapter.
struct AdapterUse {
  const LoraSet* adapter = nullptr;  ///< of all rows; nullptr: none
  std::span<const uint64_t> keys{};  ///< per row of x; empty: no dropout
  uint64_t step_salt = 0;            ///< from seed and step
  /// Several adapters (nn/several_adapters.h): whose each row of x is, all rows in order; `adapter`
  /// is nullptr then. For inference. Empty: `adapter` serves all rows.
  std::span<const AdapterRows> rows{};
};

/// y = linear(x) in the compute type.
/// backward: dx = dy W (+ adapters), dA += s (dy B^T)^T x, dB += s (x A^T)^T dy; dW += dy^T x and
/// dbias += dy, summed over rows, where the graph trains them. An adapter with magnitudes: see
/// nn/dora.h.
Var linear(Graph& graph, const Linear& layer, Var x, const AdapterUse& use = {});
/// The same with y in f32, for a norm behind it.
Var linear_wide(Graph& graph, const Linear& layer, Var x, const AdapterUse& use = {});
/// y = residual + linear(x) in f32; the residual's gradient is y's, handed through in place.
Var linear_residual(Graph& graph, const Linear& layer, Var x, Var residual,
                    const AdapterUse& use = {});

}  // namespace relatum::nn
