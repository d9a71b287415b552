// Activations by the names that configurations give them.
#pragma once

#include <optional>
#include <string_view>

#include "nn/activation.h"

namespace relatum::arch {

/// All names that activation_named() knows, for messages.
inline constexpr std::string_view kActivationNames =
    "gelu, gelu_new, gelu_pytorch_tanh, relu, silu and swish";

/// As transformers names them (ACT2FN); nothing for a name that is not among kActivationNames.
std::optional<nn::Activation> activation_named(std::string_view name);

}  // namespace relatum::arch
