// Qwen 2 and 2.5 (Yang et al. 2024): Llama's network with biases on queries, keys and values; and
// Qwen 3 (2025): norms of each head's queries and keys in their place.
#include <fmt/format.h>

#include <algorithm>

#include "arch/decoder_gguf.h"
#include "arch/decoder_settings.h"
#include "arch/gguf_refusal.h"

namespace relatum::arch {
namespace {

constexpr std::string_view kName = "qwen";

constexpr int64_t kUnsaidContext = 32768;
constexpr RopeKeys kRope{.unsaid_context = kUnsaidContext};

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

DecoderSettings read_qwen(const ModelFiles& files) {
  const bool third = files.architecture() == "qwen3";
  UnsaidSizes unsaid{.context = kUnsaidContext};
  if (third) unsaid.head_size = 128;
  DecoderSettings settings = read_decoder(files, kName, unsaid);
  check_activation(files, kName, "hidden_act", "silu");
  read_windows(files, settings);
  settings.info.head_norms = third;
  settings.qkv_bias = !third;
  set_rope(files, kRope, settings);
  return settings;
}

std::unique_ptr<Model> load_qwen(const ModelFiles& files, const LoadOptions& options) {
  return std::make_unique<Decoder>(files, options, read_qwen(files));
}

void describe_qwen(const ModelFiles& files, const ModelInfo&, GgufForm& form) {
  // llama.cpp reads no divisors of single frequencies in this network.
  static constexpr std::string_view kScalings[] = {"linear", "dynamic", "yarn"};
  const DecoderSettings settings = read_qwen(files);
  const std::string& name = files.architecture();
  describe_decoder(files, settings, name, {kScalings, kRope}, form);
  for (const char* part : {"attn_output.bias", "ffn_gate.bias", "ffn_up.bias", "ffn_down.bias"}) {
    check_absent(files, form, part);
  }
  for (const LayerKind& layer : settings.layers) {
    end_context(settings.info.context, layer.window, name, form);
    if (layer.window > 0) break;  // there is one window for all
  }
}

}  // namespace

const Family& family_qwen() {
  static constexpr std::string_view kTypes[] = {"qwen2", "qwen3"};
  static const Family family{kName, kTypes, true, decoder_spare(), load_qwen, describe_qwen};
  return family;
}

}  // namespace relatum::arch
