// The table of activations' names.
#include "arch/activation_name.h"

#include <utility>

namespace relatum::arch {

std::optional<nn::Activation> activation_named(std::string_view name) {
  using nn::Activation;
  static constexpr std::pair<std::string_view, Activation> kNamed[] = {
      {"gelu", Activation::kGelu},
      {"gelu_new", Activation::kGeluTanh},
      {"gelu_pytorch_tanh", Activation::kGeluTanh},
      {"relu", Activation::kRelu},
      {"silu", Activation::kSilu},
      {"swish", Activation::kSilu}};
  for (const auto& [known, activation] : kNamed) {
    if (known == name) return activation;
  }
  return std::nullopt;
}

}  // namespace relatum::arch
