// What a sentence embedder does to its pooled vector: length 1, or one more layer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tensor/buffer.h"

namespace relatum::retrieve {

/// y = f(W x + b), as sentence-transformers' Dense.
struct Dense {
  Matrix<float> weight;     ///< D_out x D_in
  std::vector<float> bias;  ///< D_out values, or none
  bool tanh = false;        ///< f; otherwise x itself
};

/// Divides by the length where it is no layer.
struct SentenceStep {
  std::optional<Dense> dense;
};

/// Divides by the Euclidean length, which is bounded from below as torch's normalize() does.
void normalise(std::vector<double>& values);
/// Changes the values, and for a layer perhaps their number.
void apply(const SentenceStep& step, std::vector<double>& values);

/// Reads config.json and model.safetensors of a Dense module's folder, which takes `in` values.
/// Throws Error with the file for another activation than Tanh and Identity, a residual, inputs
/// that are not the sentence's vector, and weights in PyTorch's own form.
Dense read_dense(const std::filesystem::path& folder, int64_t in);

}  // namespace relatum::retrieve
