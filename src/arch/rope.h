// Cosines and sines of rotary positions, computed once per position.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/model_files.h"
#include "tensor/buffer.h"

namespace relatum::arch {

/// Angles position * frequency[i], i < K/2 (Su et al. 2021), with the file's scaling applied:
/// none, "linear", or "llama3" (by wavelength, as in Llama 3.1), or GGUF's factors per pair.
class RopeTable {
 public:
  RopeTable() = default;
  /// Reads theta and scaling from the model's files. Error for a scaling it does not know.
  RopeTable(const ModelFiles& files, int64_t head_size);
  /// Rows 0 … last of K values: cosines, then sines. Valid until a longer table is asked for, so
  /// ask for the longest row before a graph is built.
  MatView<const float> until(int64_t last_position) const;

 private:
  std::vector<float> frequencies_;
  mutable Matrix<float> table_;
};

}  // namespace relatum::arch
