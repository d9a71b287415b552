// The keys and tensors that llama.cpp reads a decoder's settings from.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "arch/decoder.h"
#include "arch/gguf_form.h"
#include "arch/rope.h"

namespace relatum::arch {

/// Where a family's files speak of the rotation that its keys are about, and which types of scaling
/// (as RopeScaling::type has them) llama.cpp applies in its network; "default" is one of any.
struct GgufRope {
  std::span<const std::string_view> scalings;
  RopeKeys keys = {};
};

/// Adds "<name>.…" keys for what the common decoder was built with, and the tensors of scaled
/// rotary positions. `form` has all that it asked for. Throws Error for a scaling that GGUF, or
/// this network in llama.cpp, has no place for.
void describe_decoder(const ModelFiles& files, const DecoderSettings& settings,
                      const std::string& name, const GgufRope& rope, GgufForm& form);

/// GGUF has no window for most architectures. Up to its length one changes nothing, so the context
/// ends with it where it is shorter, and a note says so.
void end_context(int64_t context, int64_t window, const std::string& name, GgufForm& form);

}  // namespace relatum::arch
