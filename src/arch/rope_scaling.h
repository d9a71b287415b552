// What a model's files say of the scaling of rotary positions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/model_files.h"
#include "arch/rope.h"

namespace relatum::arch {

/// What a scaling does beside changing the frequencies.
struct RopeScaling {
  float factor = 1.0f;  ///< of cosines and sines, and so of queries and keys
  /// Tokens of the longest row that the frequencies hold for; 0: any that the model takes.
  int64_t longest = 0;
  std::string type = "default";  ///< config.json's, by its newest name
  double stretch = 1;            ///< config.json's "factor", or what stands for it
  double context = 0;            ///< tokens before scaling; 0: the type has none
};

/// What yarn multiplies cosines and sines by, so that attention stays as sharp over long rows.
double yarn_magnitude(double factor, double weight = 1);

/// Scales frequencies[i] = theta^(-2 i / K), i < K / 2, as config.json's rope_scaling (or
/// rope_parameters) or a GGUF's keys and tensors say:
/// - linear: all alike;
/// - dynamic: rows beyond max_position_embeddings alone, which are refused;
/// - llama3: by wavelength (Llama 3.1);
/// - yarn: by turns within the original context (Peng et al. 2023, arXiv 2309.00071);
/// - longrope: a divisor for each pair (Ding et al. 2024, arXiv 2402.13753). The short ones, which
///   hold up to the original context: a row's length decides, so rows of either kind could not
///   share a beginning;
/// - a GGUF's rope_freqs: a divisor for each pair.
/// Throws Error for a scaling, or a key of one, that is not known.
RopeScaling scale_frequencies(const ModelFiles& files, const RopeKeys& keys, double theta,
                              std::vector<float>& frequencies);

/// config.json's rope_parameters or rope_scaling as far as it is about these layers; nullptr where
/// it is not, or absent. Throws Error where rope_parameters are not by kinds of layers though the
/// network has several.
const nlohmann::json* rope_setting(const ModelFiles& files, std::string_view name,
                                   const RopeKeys& keys);

}  // namespace relatum::arch
