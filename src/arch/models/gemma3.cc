// Gemma 3, its language model (Gemma Team 2025, arXiv 2503.19786): norms before and behind
// attention and MLP, norms of each head's queries and keys, layers that slide and a few that do
// not, each kind with rotary positions of its own.
#include <fmt/format.h>

#include <cmath>

#include "arch/decoder_settings.h"
#include "base/error.h"

namespace relatum::arch {
namespace {

constexpr std::string_view kName = "gemma3";

// What config.json leaves to the architecture (transformers), and GGUF always (llama.cpp).
constexpr int64_t kUnsaidWindow = 4096, kUnsaidPattern = 6;
constexpr UnsaidSizes kUnsaid{.context = 131072, .heads = 8, .kv_heads = 4, .head_size = 256};

// Which layers slide: all but each sixth, or as layer_types say.
std::vector<bool> read_sliding(const ModelFiles& files, int64_t layers) {
  const int64_t every = files.get_int("sliding_window_pattern", "attention.sliding_window_pattern",
                                      kUnsaidPattern);
  if (every < 1) {
    refuse_setting(files, kName, fmt::format("the pattern of sliding layers is {}", every));
  }
  std::vector<bool> sliding;
  for (int64_t i = 0; i < layers; ++i) sliding.push_back((i + 1) % every != 0);
  return sliding_layers(files, kName, layers).value_or(std::move(sliding));
}

void read_layers(const ModelFiles& files, DecoderSettings& settings) {
  ModelInfo& info = settings.info;
  if (files.mentions("sliding_window") && !files.setting("sliding_window")) {
    refuse_setting(files, kName, "sliding_window is null");
  }
  // A GGUF without the key has no layer that slides.
  const int64_t window = files.get_int("sliding_window", "attention.sliding_window",
                                       files.config() ? kUnsaidWindow : 0);
  if (window < 0 || (files.config() && window == 0)) {
    refuse_setting(files, kName, fmt::format("sliding_window is {}", window));
  }
  std::vector<bool> sliding = read_sliding(files, info.layers);
  if (window == 0) sliding.assign(sliding.size(), false);
  set_windows(files, window, sliding, settings);
  const RopeKeys full{
      .unsaid = 1e6, .unsaid_context = kUnsaid.context, .layer_type = "full_attention"};
  const RopeKeys local{.theta = "rope_local_base_freq",
                       .gguf_theta = "rope.freq_base_swa",
                       .unsaid_context = kUnsaid.context,
                       .layer_type = "sliding_attention",
                       .scaled = false};
  set_rope(files, full, settings);
  set_rope(files, local, settings);
  for (size_t i = 0; i < sliding.size(); ++i) settings.layers[i].rope = sliding[i] ? 1 : 0;
}

// The number whose root divides attention's scores.
double read_scalar(const ModelFiles& files, const ModelInfo& info) {
  constexpr double kUnsaidScalar = 256;
  if (files.config()) return files.get_double("query_pre_attn_scalar", "", kUnsaidScalar);
  // llama.cpp tells the model of 27 billion, whose heads are not as wide as its scale says, by the
  // number of its layers.
  constexpr int64_t kLayersOf27B = 62;
  return double(info.layers == kLayersOf27B ? info.width / info.heads : info.head_size);
}

std::unique_ptr<Model> load_gemma3(const ModelFiles& files, const LoadOptions& options) {
  if (files.config() && files.architecture() == "gemma3") {
    fail("arch.gemma3",
         fmt::format("{} is a Gemma 3 that reads images, too (model_type 'gemma3'). Relatum runs "
                     "its language model alone: save that (transformers' Gemma3ForCausalLM, "
                     "model_type 'gemma3_text'), or use its GGUF file.",
                     files.path().string()));
  }
  DecoderSettings settings = read_decoder(files, kName, kUnsaid);
  // The second name is older, and not read by transformers.
  for (const char* key : {"hidden_activation", "hidden_act"}) {
    check_activation(files, kName, key, "gelu_pytorch_tanh");
  }
  settings.gate = nn::Activation::kGeluTanh;
  const double scalar = read_scalar(files, settings.info);
  if (!(scalar > 0)) {
    refuse_setting(files, kName, fmt::format("query_pre_attn_scalar is {}", scalar));
  }
  settings.scale = float(1.0 / std::sqrt(scalar));
  settings.embedding_scale = float(std::sqrt(double(settings.info.width)));
  settings.norm_shift = files.gguf() ? 0.0f : 1.0f;  // llama.cpp's converter has added it
  settings.tied = true;
  settings.info.head_norms = settings.info.norms_behind = true;
  read_layers(files, settings);
  return std::make_unique<Decoder>(files, options, std::move(settings));
}

}  // namespace

const Family& family_gemma3() {
  static constexpr std::string_view kTypes[] = {"gemma3_text", "gemma3"};
  static const Family family{kName, kTypes, true, decoder_spare(), load_gemma3};
  return family;
}

}  // namespace relatum::arch
