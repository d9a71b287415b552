// The linear layer: frozen weights in any format, optional bias, and the adapter's seat.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/graph.h"
#include "nn/lora.h"
#include "tensor/buffer.h"
#include "tensor/weight.h"

namespace relatum::nn {

/// One or several projections of the same input, computed as one product: y = x W^T + bias
/// (+ adapters). x: T x K, y: T x N, the parts' outputs side by side.
class Linear {
 public:
  struct Part {
    std::string name;       ///< as in the architecture's Hugging Face form, e.g. "…q_proj"
    Weight weight;          ///< N_p x K
    int64_t begin = 0;      ///< first column of its output
  };

  Linear() = default;
  /// Weights of equal K, in the order of their outputs. bias: sum of N_p values or empty.
  Linear(std::vector<Part> parts, std::vector<float> bias = {});

  int64_t in() const { return in_; }
  int64_t out() const { return out_; }
  const std::vector<Part>& parts() const { return parts_; }
  const std::vector<float>& bias() const { return bias_; }

  /// Fixes the compute type. resident: decoded weights are kept (N x K in the compute type);
  /// otherwise they are decoded for each use, and only the stored form stays in memory.
  void prepare(DType compute, bool resident);
  /// Replaces the stored weights (after conversion to another format).
  void set_weight(size_t part, Weight weight);
  /// N x K in the compute type: the resident panel, or decoded into the arena.
  Mat decoded(Graph& graph) const;
  /// Bytes that the resident panel takes.
  size_t resident_bytes() const { return panel_.size(); }

  /// Seats an adapter; the factors must outlive its use. nullptr takes it away.
  void seat(const LoraGroup* lora) { lora_ = lora; }
  const LoraGroup* lora() const { return lora_; }

 private:
  void decode_into(Mat out) const;
  std::vector<Part> parts_;
  std::vector<float> bias_;
  int64_t in_ = 0, out_ = 0;
  DType compute_ = DType::kF32;
  Buffer panel_;
  const LoraGroup* lora_ = nullptr;
};

/// What dropout needs to know of the pass; p comes from the adapter. Empty keys: no dropout.
struct DropoutKeys {
  std::span<const uint64_t> keys;  ///< per row of x
  uint64_t step_salt = 0;          ///< from seed and epoch
};

/// y = linear(x) in the compute type.
/// backward: dx = dy W (+ adapters), dA += s (dy B^T)^T x, dB += s (x A^T)^T dy.
Var linear(Graph& graph, const Linear& layer, Var x, const DropoutKeys& dropout = {});
/// y = residual + linear(x) in f32; the residual's gradient is y's, handed through in place.
Var linear_residual(Graph& graph, const Linear& layer, Var x, Var residual,
                    const DropoutKeys& dropout = {});

}  // namespace relatum::nn
