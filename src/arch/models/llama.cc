// The Llama family: RMSNorm, rotary grouped-query attention, SwiGLU (Touvron et al. 2023), and
// Mistral, the same network with a window (Jiang et al. 2023).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "arch/decoder_gguf.h"
#include "arch/decoder_settings.h"

namespace relatum::arch {
namespace {

constexpr std::string_view kName = "llama";

// Mistral's configuration has other values where it says nothing (transformers).
bool is_mistral(const ModelFiles& files) {
  return files.config() && files.architecture() == "mistral";
}

UnsaidSizes unsaid_of(const ModelFiles& files) {
  if (!is_mistral(files)) return {};
  return {.context = 131072, .heads = {}, .kv_heads = 8, .head_size = {}};
}

RopeKeys rope_keys(const ModelFiles& files) { return {.unsaid_context = unsaid_of(files).context}; }

// How far a query of Mistral sees. In Llama, transformers and llama.cpp do not read such a setting,
// and up to its length it changes nothing: rows end there.
int64_t read_window(const ModelFiles& files, ModelInfo& info) {
  const int64_t unsaid = is_mistral(files) && !files.mentions("sliding_window") ? 4096 : 0;
  const int64_t window = files.get_int("sliding_window", "attention.sliding_window", unsaid);
  if (window <= 0) return 0;
  if (is_mistral(files)) return window < info.context ? window : 0;
  info.context = std::min(info.context, window);
  return 0;
}

// Either network's layers are of one kind, which layer_types can only confirm. Without a window in
// use the two kinds are the same.
void set_window(const ModelFiles& files, int64_t window, DecoderSettings& settings) {
  const int64_t layers = settings.info.layers;
  const auto types = sliding_layers(files, kName, layers);
  if (window == 0) return;
  const std::vector<bool> sliding(size_t(layers), true);
  if (types && *types != sliding) {
    refuse_setting(
        files, kName,
        fmt::format("layer_types holds \"full_attention\" beside a sliding_window of {}", window));
  }
  set_windows(files, window, sliding, settings);
}

// Settings that have one value in this network.
void check_network(const ModelFiles& files, const ModelInfo& info) {
  check_activation(files, kName, "hidden_act", "silu");
  const double natural = 1.0 / std::sqrt(double(info.head_size));
  const double scale = files.get_double("attention_multiplier", "attention.scale", 0.0);
  if (scale != 0 && std::abs(scale - natural) > 1e-6 * natural) {
    const char* key = files.config() ? "attention_multiplier" : "attention.scale";
    refuse_setting(
        files, kName,
        fmt::format("attention scores are scaled by {} ({}), not by {:.6g}", scale, key, natural));
  }
}

DecoderSettings read_llama(const ModelFiles& files) {
  DecoderSettings settings = read_decoder(files, kName, unsaid_of(files));
  set_window(files, read_window(files, settings.info), settings);
  check_network(files, settings.info);
  settings.paired_rows = true;
  set_rope(files, rope_keys(files), settings);
  return settings;
}

std::unique_ptr<Model> load_llama(const ModelFiles& files, const LoadOptions& options) {
  return std::make_unique<Decoder>(files, options, read_llama(files));
}

// In GGUF a Mistral is a Llama, too.
void describe_llama(const ModelFiles& files, const ModelInfo&, GgufForm& form) {
  static constexpr std::string_view kScalings[] = {"linear", "dynamic", "llama3", "yarn",
                                                   "longrope"};
  describe_decoder(files, read_llama(files), "llama", {kScalings, rope_keys(files)}, form);
  ModelInfo sizes = read_decoder(files, kName, unsaid_of(files)).info;
  const int64_t context = sizes.context;
  const int64_t window = read_window(files, sizes);
  end_context(context, window ? window : sizes.context, "llama", form);
}

}  // namespace

const Family& family_llama() {
  static constexpr std::string_view kTypes[] = {"llama", "mistral"};
  static const Family family{kName,      kTypes,         true,   decoder_spare(),
                             load_llama, describe_llama, "llama"};
  return family;
}

}  // namespace relatum::arch
