// Gemma 3, its language model (Gemma Team 2025, arXiv 2503.19786): norms before and behind
// attention and MLP, norms of each head's queries and keys, layers that slide and a few that do
// not, each kind with rotary positions of its own.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "arch/decoder_gguf.h"
#include "arch/decoder_settings.h"
#include "arch/gguf_refusal.h"
#include "arch/rope_scaling.h"
#include "base/error.h"
#include "quant/format.h"
#include "tensor/values.h"

namespace relatum::arch {
namespace {

constexpr std::string_view kName = "gemma3";

// What config.json leaves to the architecture (transformers), and GGUF always (llama.cpp).
constexpr int64_t kUnsaidWindow = 4096, kUnsaidPattern = 6;
constexpr UnsaidSizes kUnsaid{.context = 131072, .heads = 8, .kv_heads = 4, .head_size = 256};
constexpr double kUnsaidLocalBase = 10000;

// The rotations of layers that do not slide, and of those that do.
constexpr RopeKeys kFullRope{
    .unsaid = 1e6, .unsaid_context = kUnsaid.context, .layer_type = "full_attention"};
constexpr RopeKeys kSlidingRope{.theta = "rope_local_base_freq",
                                .gguf_theta = "rope.freq_base_swa",
                                .unsaid = kUnsaidLocalBase,
                                .unsaid_context = kUnsaid.context,
                                .layer_type = "sliding_attention",
                                .scaled = false};

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
  set_rope(files, kFullRope, settings);
  set_rope(files, kSlidingRope, settings);
  for (size_t i = 0; i < sliding.size(); ++i) settings.layers[i].rope = sliding[i] ? 1 : 0;
}

// What divides attention's scores is the root of this in a GGUF: llama.cpp tells the model of 27
// billion, whose heads are not as wide as its scale says, by the number of its layers.
int64_t gguf_scalar(const ModelInfo& info) {
  constexpr int64_t kLayersOf27B = 62;
  return info.layers == kLayersOf27B ? info.width / info.heads : info.head_size;
}

// The number whose root divides attention's scores.
double read_scalar(const ModelFiles& files, const ModelInfo& info) {
  constexpr double kUnsaidScalar = 256;
  if (files.config()) return files.get_double("query_pre_attn_scalar", "", kUnsaidScalar);
  return double(gguf_scalar(info));
}

DecoderSettings read_gemma3(const ModelFiles& files) {
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
  return settings;
}

std::unique_ptr<Model> load_gemma3(const ModelFiles& files, const LoadOptions& options) {
  return std::make_unique<Decoder>(files, options, read_gemma3(files));
}

// Every which layer does not slide, where they do in such a rhythm: llama.cpp's own where it fits.
std::optional<int64_t> rhythm(const std::vector<LayerKind>& layers) {
  const auto full = std::ranges::find(layers, size_t{0}, &LayerKind::rope);
  for (const int64_t every : {kUnsaidPattern, int64_t(full - layers.begin()) + 1}) {
    bool fits = true;
    for (size_t i = 0; i < layers.size(); ++i) {
      fits = fits && (layers[i].rope == 1) == ((int64_t(i) + 1) % every != 0);
    }
    if (fits) return every;
  }
  return std::nullopt;
}

void describe_layers(const ModelFiles& files, const DecoderSettings& settings, GgufForm& form) {
  if (std::ranges::count(settings.layers, size_t{1}, &LayerKind::rope) == 0) return;  // none slides
  const auto every = rhythm(settings.layers);
  if (!every) {
    refuse_for_gguf(files, "layer_types have no full layer every so many");
  }
  set_size(files, form, "gemma3.attention.sliding_window",
           double(files.get_int("sliding_window", "", kUnsaidWindow)));
  const double base = rope_theta(files, kSlidingRope);
  if (*every == kUnsaidPattern && base == kUnsaidLocalBase) return;
  // Written only where they are not what every reader takes.
  set_size(files, form, "gemma3.attention.sliding_window_pattern", double(*every));
  form.keys.set_f32("gemma3.rope.freq_base_swa", float(base));
  form.notes.push_back(
      fmt::format("of every {} layers all but the last slide, with a base of {}: versions of "
                  "llama.cpp that pass over these keys take {} and {}",
                  *every, base, kUnsaidPattern, kUnsaidLocalBase));
}

void describe_gemma3(const ModelFiles& files, const ModelInfo&, GgufForm& form) {
  static constexpr std::string_view kScalings[] = {"linear", "dynamic"};
  const DecoderSettings settings = read_gemma3(files);
  describe_decoder(files, settings, "gemma3", {kScalings, kFullRope}, form);
  check_absent(files, form, ".bias");
  std::vector<float> unscaled(size_t(settings.info.head_size / 2), 1.0f);
  const auto sliding = scale_frequencies(files, kSlidingRope, kUnsaidLocalBase, unscaled);
  if (sliding.type != "default") {
    refuse_for_gguf(
        files, fmt::format("layers that slide scale their rotary positions by '{}'", sliding.type));
  }
  const double scalar = read_scalar(files, settings.info);
  if (scalar != double(gguf_scalar(settings.info))) {
    refuse_for_gguf(files, fmt::format("query_pre_attn_scalar is {}, not {}", scalar,
                                       gguf_scalar(settings.info)));
  }
  describe_layers(files, settings, form);
  for (FormTensor& tensor : form.tensors) {
    if (!tensor.name.ends_with("_norm.weight")) continue;
    std::vector<float> values(size_t(tensor.weight.cols));
    quant::decode_rows(tensor.weight, 0, {values.data(), 1, tensor.weight.cols});
    for (float& value : values) value += settings.norm_shift;
    tensor.weight = weight_of(tensor.name, std::move(values));
  }
}

}  // namespace

const Family& family_gemma3() {
  static constexpr std::string_view kTypes[] = {"gemma3_text", "gemma3"};
  static const Family family{kName,       kTypes,          true,    decoder_spare(),
                             load_gemma3, describe_gemma3, "gemma3"};
  return family;
}

}  // namespace relatum::arch
