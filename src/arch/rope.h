// Cosines and sines of rotary positions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "arch/model_files.h"
#include "tensor/mat.h"

namespace relatum::arch {

/// Where the files speak of a rotation. Networks with several kinds of layers have one for each.
struct RopeKeys {
  std::string_view theta = "rope_theta", gguf_theta = "rope.freq_base";
  double unsaid = 10000.0;  ///< theta where config.json says nothing; in GGUF it is 10000 then
  int64_t unsaid_context = 2048;  ///< max_position_embeddings where config.json says nothing
  /// The layers' name within rope_parameters, where those of each kind stand apart; empty: they are
  /// rope_parameters itself.
  std::string_view layer_type = {};
  bool scaled = true;  ///< rope_scaling, or the scaling of a GGUF, is of these layers
};
/// The base of the rotary frequencies; Error where a file says it twice and differently.
double rope_theta(const ModelFiles& files, const RopeKeys& keys = {});

/// Angles position * frequency[i], i < K/2 (Su et al. 2021), with the file's scaling applied (see
/// arch/rope_scaling.h).
class Rope {
 public:
  Rope() = default;
  /// Reads theta and scaling from the model's files. Error for a scaling it does not know.
  Rope(const ModelFiles& files, int64_t head_size, const RopeKeys& keys = {});
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
