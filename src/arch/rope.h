// Cosines and sines of rotary positions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arch/model_files.h"
#include "tensor/mat.h"

namespace relatum::arch {

/// The base of the rotary frequencies; Error where a file says it twice and differently.
double rope_theta(const ModelFiles& files);

/// Angles position * frequency[i], i < K/2 (Su et al. 2021), with the file's scaling applied (see
/// arch/rope_scaling.h).
class Rope {
 public:
  Rope() = default;
  /// Reads theta and scaling from the model's files. Error for a scaling it does not know.
  Rope(const ModelFiles& files, int64_t head_size);
  /// out: a row of K values per position, cosines first, then sines, both times the scaling's
  /// factor.
  void angles(std::span<const int32_t> positions, MatView<float> out) const;
  /// Tokens of the longest row that the scaling serves; 0: any.
  int64_t longest() const { return longest_; }

 private:
  std::vector<float> frequencies_;
  float factor_ = 1.0f;
  int64_t longest_ = 0;
};

}  // namespace relatum::arch
