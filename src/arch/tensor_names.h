// One name for the tensors of a Hugging Face folder, whatever wrapper wrote them.
#pragma once

#include <string>
#include <string_view>

namespace relatum::arch {

/// The name without what wrappers and base models put before it ("model.", "bert.", "_orig_mod.",
/// "module.", "0.auto_model.", "base_model.model." …), also inside it where a layer was wrapped,
/// and with the endings of today ("weight" for "gamma", "bias" for "beta"). Two names of one
/// tensor have one plain name: "bert.embeddings.LayerNorm.gamma" is "embeddings.LayerNorm.weight".
std::string plain_name(std::string_view name);

}  // namespace relatum::arch
