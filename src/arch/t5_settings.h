// What makes one T5 differ from another.
#pragma once

#include <cstdint>

#include "arch/gguf_form.h"
#include "arch/model.h"
#include "arch/model_files.h"
#include "nn/activation.h"

namespace relatum::arch {

struct T5Settings {
  ModelInfo info;     ///< all but vocabulary and parameters, which the tensors tell
  float epsilon = 0;  ///< of the norms
  nn::Activation activation = nn::Activation::kRelu;
  bool gated = false;
  int64_t buckets = 0, farthest = 0;  ///< of the relative positions
  /// config.json alone; a GGUF's head is scaled where it shares the embedding.
  bool scales_head = false;
};

/// What the head's input is multiplied by where it is scaled.
float head_scale(int64_t width);
/// The same of a model as it is, once `info` says whose head it has: 1 where it is not scaled.
float head_scale(const ModelFiles& files, const ModelInfo& info);

/// Throws Error that names a setting which cannot be.
T5Settings read_t5_settings(const ModelFiles& files);

/// Family::describe. Throws Error for settings that GGUF has no key for.
void describe_t5(const ModelFiles& files, const ModelInfo& info, GgufForm& form);

}  // namespace relatum::arch
