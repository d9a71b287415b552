// Phi-3 (Abdin et al. 2024): Llama's network with q, k and v stored as one projection, and gate and
// up as one.
#include <algorithm>

#include "arch/decoder_settings.h"

namespace relatum::arch {
namespace {

constexpr std::string_view kName = "phi3";

std::unique_ptr<Model> load_phi3(const ModelFiles& files, const LoadOptions& options) {
  constexpr UnsaidSizes kUnsaid{.context = 4096, .epsilon = 1e-5};
  DecoderSettings settings = read_decoder(files, kName, kUnsaid);
  check_activation(files, kName, "hidden_act", "silu");
  // llama.cpp passes the window over; the network was trained with it (transformers).
  const int64_t window = files.get_int("sliding_window", "attention.sliding_window", 0);
  const auto layers = size_t(settings.info.layers);
  // All layers are of one kind, which layer_types can only confirm.
  for (const bool sliding : sliding_layers(files, kName, settings.info.layers)
                                .value_or(std::vector<bool>(layers, window > 0))) {
    if (sliding == (window > 0)) continue;
    refuse_setting(files, kName, "layer_types and sliding_window do not say the same");
  }
  set_windows(files, window, std::vector<bool>(layers, window > 0), settings);
  settings.fused = true;
  set_rope(files, {.unsaid_context = kUnsaid.context}, settings);
  return std::make_unique<Decoder>(files, options, std::move(settings));
}

}  // namespace

const Family& family_phi3() {
  static constexpr std::string_view kTypes[] = {"phi3"};
  static const Family family{kName, kTypes, true, decoder_spare(), load_phi3};
  return family;
}

}  // namespace relatum::arch
