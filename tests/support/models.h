// Loads the tiny models and runs them: what the tests of arch and nn share.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "arch/family.h"
#include "kernels/rows.h"
#include "nn/loss.h"
#include "support/tensors.h"
#include "support/tolerance.h"

namespace relatum::testing {

inline std::unique_ptr<arch::Model> load(const std::filesystem::path& path,
                                         arch::LoadOptions options = {}) {
  return arch::load_model(arch::ModelFiles::open(path), options);
}

/// What a forward pass gives when all of `batch` (or options.rows) is asked for: the logits, or
/// an encoder's states.
inline Matrix<float> run(const arch::Model& model, const nn::TokenBatch& batch,
                         DType compute = DType::kF32, bool recording = false,
                         const arch::ForwardOptions& options = {}) {
  Arena arena;
  nn::Graph graph(arena, compute, recording);
  const Mat states = graph.value(model.forward(graph, batch, options));
  if (!model.head()) {
    Matrix<float> result(states.rows, states.cols);
    kernels::convert(states, result.view());
    return result;
  }
  Matrix<float> result(states.rows, model.info().vocabulary);
  nn::for_each_logits(graph, *model.head(), states,
                      [&](int64_t first, MatView<const float> logits) {
    for (int64_t i = 0; i < logits.rows; ++i) {
      std::memcpy(result.row(first + i), logits.row(i), size_t(logits.cols) * sizeof(float));
    }
  });
  return result;
}

/// A batch with one row.
inline nn::TokenBatch single(std::span<const int32_t> tokens, bool causal = true) {
  nn::TokenBatch batch(causal);
  batch.append(batch.root(), tokens);
  batch.finish();
  return batch;
}

/// Products that follow one another on the way from tokens to logits: four linears and two
/// attention products per layer, two norms (sums over the width, too) each, the head. Of an
/// encoder-decoder those of both halves, and the decoder's second attention: three linears, two
/// products, a norm.
inline double parity_bound(const arch::Model& model, DType compute = DType::kF32) {
  const arch::ModelInfo& info = model.info();
  const int64_t second = info.encoder_layers ? 6 * info.layers : 0;
  return network_bound(8 * (info.layers + info.encoder_layers) + second + 1,
                       std::max(info.width, info.ffn_width), compute);
}

/// Of gradients: the backward pass amounts to two products for each of the forward pass, and goes
/// through each layer's softmax and gate. Those add errors of their own there, and no small ones:
/// a softmax' gradient is what is left of each product when their mean is taken away.
inline double gradient_bound(const arch::Model& model, DType compute = DType::kF32) {
  const arch::ModelInfo& info = model.info();
  return 3 * parity_bound(model, compute) +
         2 * network_bound(2 * (info.layers + info.encoder_layers),
                           std::max(info.width, info.ffn_width), compute);
}

}  // namespace relatum::testing
