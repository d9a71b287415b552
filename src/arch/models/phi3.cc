// Phi-3 (Abdin et al. 2024): Llama's network with q, k and v stored as one projection, and gate and
// up as one.
#include <fmt/format.h>

#include <algorithm>

#include "arch/decoder_gguf.h"
#include "arch/decoder_settings.h"
#include "arch/gguf_refusal.h"

namespace relatum::arch {
namespace {

constexpr std::string_view kName = "phi3";

constexpr UnsaidSizes kUnsaid{.context = 4096, .epsilon = 1e-5};
constexpr RopeKeys kRope{.unsaid_context = kUnsaid.context};

DecoderSettings read_phi3(const ModelFiles& files) {
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
  set_rope(files, kRope, settings);
  return settings;
}

std::unique_ptr<Model> load_phi3(const ModelFiles& files, const LoadOptions& options) {
  return std::make_unique<Decoder>(files, options, read_phi3(files));
}

void describe_phi3(const ModelFiles& files, const ModelInfo&, GgufForm& form) {
  static constexpr std::string_view kScalings[] = {"linear", "dynamic", "yarn", "longrope"};
  const DecoderSettings settings = read_phi3(files);
  describe_decoder(files, settings, "phi3", {kScalings, kRope}, form);
  check_absent(files, form, ".bias");
  // 0 tells a file without a window from the first ones, which had it without a key.
  const int64_t window = settings.layers[0].window;
  form.keys.set_u32("phi3.attention.sliding_window", uint32_t(window));
  if (window == 0) return;
  form.notes.push_back(
      fmt::format("llama.cpp passes over the window of {} tokens: there, longer rows get other "
                  "answers",
                  window));
}

}  // namespace

const Family& family_phi3() {
  static constexpr std::string_view kTypes[] = {"phi3"};
  static const Family family{kName, kTypes, true, decoder_spare(), load_phi3, describe_phi3};
  return family;
}

}  // namespace relatum::arch
