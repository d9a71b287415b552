// Cosines and sines of rotary positions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arch/model_files.h"
#include "tensor/mat.h"

namespace relatum::arch {

/// Angles position * frequency[i], i < K/2 (Su et al. 2021), with the file's scaling applied:
/// none, "linear", or "llama3" (by wavelength, as in Llama 3.1), or GGUF's factors per pair.
class Rope {
 public:
  Rope() = default;
  /// Reads theta and scaling from the model's files. Error for a scaling it does not know.
  Rope(const ModelFiles& files, int64_t head_size);
  /// out: a row of K values per position, cosines first, then sines.
  void angles(std::span<const int32_t> positions, MatView<float> out) const;

 private:
  std::vector<float> frequencies_;
};

}  // namespace relatum::arch
