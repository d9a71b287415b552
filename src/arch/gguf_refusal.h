// What a GGUF file cannot say of a folder's model.
#pragma once

#include <string_view>

#include "arch/gguf_form.h"

namespace relatum::arch {

/// Throws Error: a setting that no key stands for.
[[noreturn]] void refuse_for_gguf(const ModelFiles& files, std::string_view what);

/// Refuses tensors whose names end so, which llama.cpp's network of this family does not have.
void check_absent(const ModelFiles& files, const GgufForm& form, std::string_view end);

}  // namespace relatum::arch
