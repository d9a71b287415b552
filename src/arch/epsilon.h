// What norms add to a variance, as a model's files say it.
#pragma once

#include <optional>
#include <string_view>

#include "arch/model_files.h"

namespace relatum::arch {

/// ModelFiles::get_double() for it. Throws Error for a number below zero or one that is not finite:
/// a root of it would make values that are none.
float read_epsilon(const ModelFiles& files, std::string_view key, std::string_view gguf_key,
                   std::optional<double> unsaid);

}  // namespace relatum::arch
