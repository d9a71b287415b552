// The keys and tensors that llama.cpp reads a decoder's settings from.
#pragma once

#include <string>

#include "arch/gguf_form.h"
#include "arch/model.h"
#include "arch/rope.h"

namespace relatum::arch {

/// What a family's keys are called there, and where it keeps its rotation.
struct DecoderName {
  std::string architecture;
  RopeKeys rope;
};

/// Adds "<architecture>.…" keys for what the common decoder (arch/decoder.h) has read from
/// config.json, and the tensors of scaled rotary positions. Throws Error for a scaling that GGUF
/// has no keys for.
void describe_decoder(const ModelFiles& files, const ModelInfo& info, const DecoderName& as,
                      GgufForm& form);

}  // namespace relatum::arch
