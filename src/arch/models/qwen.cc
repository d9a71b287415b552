// Qwen 2 and 2.5 (Yang et al. 2024): Llama's network with biases on queries, keys and values; and
// Qwen 3 (2025): norms of each head's queries and keys in their place.
#include <fmt/format.h>

#include <algorithm>

#include "arch/decoder_settings.h"

namespace relatum::arch {
namespace {

constexpr std::string_view kName = "qwen";

// The upper layers slide where the configuration wants it; by layer_types any.
void read_windows(const ModelFiles& files, DecoderSettings& settings) {
  ModelInfo& info = settings.info;
  if (files.gguf()) {
    // llama.cpp knows no windows here; up to its length one changes nothing.
    const int64_t window = files.get_int("", "attention.sliding_window", 0);
    if (window > 0) info.context = std::min(info.context, window);
    return;
  }
  constexpr int64_t kUnsaidWindow = 4096, kUnsaidLayers = 28;  // transformers
  const bool used = files.get_bool("use_sliding_window", false);
  const bool none = files.mentions("sliding_window") && !files.setting("sliding_window");
  const int64_t said = none ? 0 : files.get_int("sliding_window", "", kUnsaidWindow);
  const int64_t first = files.get_int("max_window_layers", "", kUnsaidLayers);
  const int64_t window = used ? std::max<int64_t>(said, 0) : 0;
  auto sliding = sliding_layers(files, kName, info.layers);
  if (!sliding) {
    sliding.emplace(size_t(info.layers), false);
    for (int64_t i = std::max<int64_t>(first, 0); i < info.layers; ++i) {
      (*sliding)[size_t(i)] = window > 0;
    }
  }
  if (window == 0 && std::ranges::count(*sliding, true) > 0) {
    refuse_setting(files, kName,
                   "layer_types holds \"sliding_attention\" without a window in use "
                   "(use_sliding_window, sliding_window)");
  }
  set_windows(files, window, *sliding, settings);
}

std::unique_ptr<Model> load_qwen(const ModelFiles& files, const LoadOptions& options) {
  const bool third = files.architecture() == "qwen3";
  UnsaidSizes unsaid{.context = 32768};
  const RopeKeys rope{.unsaid_context = unsaid.context};
  if (third) unsaid.head_size = 128;
  DecoderSettings settings = read_decoder(files, kName, unsaid);
  check_activation(files, kName, "hidden_act", "silu");
  read_windows(files, settings);
  settings.info.head_norms = third;
  settings.qkv_bias = !third;
  set_rope(files, rope, settings);
  return std::make_unique<Decoder>(files, options, std::move(settings));
}

}  // namespace

const Family& family_qwen() {
  static constexpr std::string_view kTypes[] = {"qwen2", "qwen3"};
  static const Family family{kName, kTypes, true, decoder_spare(), load_qwen};
  return family;
}

}  // namespace relatum::arch
