// Sizes, windows and neutral settings of decoders.
#include "arch/decoder_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "arch/activation_name.h"
#include "arch/epsilon.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"

namespace relatum::arch {
namespace {

ModelInfo read_sizes(const ModelFiles& files, std::string_view family, const UnsaidSizes& unsaid) {
  ModelInfo info;
  info.family = family;
  info.path = files.path().string();
  info.layers = files.get_int("num_hidden_layers", "block_count");
  info.width = files.get_int("hidden_size", "embedding_length");
  // What llama.cpp asks a file for has no default there.
  info.heads = files.get_int("num_attention_heads", "attention.head_count",
                             files.config() ? unsaid.heads : std::nullopt);
  // null is a word of its own: as many as heads.
  const bool silent = files.config() && !files.mentions("num_key_value_heads");
  info.kv_heads = files.get_int("num_key_value_heads", "attention.head_count_kv",
                                silent ? unsaid.kv_heads.value_or(info.heads) : info.heads);
  info.ffn_width = files.get_int("intermediate_size", "feed_forward_length");
  info.context = files.get_int("max_position_embeddings", "context_length", unsaid.context);
  check_sizes(info);
  const bool known = files.config() && unsaid.head_size;
  info.head_size = files.get_int("head_dim", "attention.key_length",
                                 known ? *unsaid.head_size : info.width / info.heads);
  if (info.head_size <= 0 || info.head_size % 2 || info.head_size > 1024 ||
      info.heads % info.kv_heads) {
    fail(fmt::format("arch.{}", family),
         fmt::format("{}: {} heads, {} key heads of size {} do not fit together: the number of "
                     "heads is a multiple of that of key heads, the size even and at most 1024. "
                     "Fetch the model's settings again.",
                     info.path, info.heads, info.kv_heads, info.head_size));
  }
  return info;
}

}  // namespace

void refuse_setting(const ModelFiles& files, std::string_view family, std::string_view what) {
  fail(fmt::format("arch.{}", family),
       fmt::format("{}: {}, which is not supported. Use a model without it.",
                   files.settings_place(), what));
}

DecoderSettings read_decoder(const ModelFiles& files, std::string_view family,
                             const UnsaidSizes& unsaid) {
  DecoderSettings settings;
  settings.info = read_sizes(files, family, unsaid);
  const int64_t head = settings.info.head_size;
  for (const char* key : {"attention.value_length", "rope.dimension_count"}) {
    const int64_t size = files.get_int("", key, head);
    if (size == head) continue;
    refuse_setting(files, family,
                   fmt::format("{} is {}, but a head has {} values", key, size, head));
  }
  const std::optional<double> epsilon = files.config()
                                            ? std::optional(unsaid.epsilon)
                                            : std::nullopt;  // llama.cpp asks for it, too
  settings.epsilon = read_epsilon(files, "rms_norm_eps", "attention.layer_norm_rms_epsilon",
                                  epsilon);
  settings.scale = 1.0f / std::sqrt(float(head));
  return settings;
}

void check_activation(const ModelFiles& files, std::string_view family, std::string_view key,
                      std::string_view name) {
  const std::string said = files.get_string(key, "", std::string(name));
  if (activation_named(said) == activation_named(name)) return;
  refuse_setting(files, family,
                 fmt::format("{} is '{}', not {}", key, printable_start(said, 60), name));
}

std::optional<std::vector<bool>> sliding_layers(const ModelFiles& files, std::string_view family,
                                                int64_t layers) {
  const nlohmann::json* types = files.setting("layer_types");
  if (!types) return std::nullopt;
  std::vector<bool> sliding;
  for (const nlohmann::json& type : *types) {
    if (type != "full_attention" && type != "sliding_attention") {
      refuse_setting(files, family,
                     "layer_types holds " + printable_start(io::dump_json(type), 60));
    }
    sliding.push_back(type == "sliding_attention");
  }
  if (!types->is_array() || int64_t(sliding.size()) != layers) {
    fail(fmt::format("arch.{}", family),
         fmt::format("{}: layer_types has {} entries, but the network has {} layers. Fetch the "
                     "model's settings again.",
                     files.settings_place(), sliding.size(), layers));
  }
  return sliding;
}

void set_windows(const ModelFiles& files, int64_t window, const std::vector<bool>& sliding,
                 DecoderSettings& settings) {
  settings.layers.resize(sliding.size());
  std::vector<int64_t> windows;
  for (size_t i = 0; i < sliding.size(); ++i) {
    const bool cuts = sliding[i] && window < settings.info.context;
    windows.push_back(settings.layers[i].window = cuts ? window : 0);
  }
  files.note_setting("windows", fmt::format("{}", fmt::join(windows, " ")));
}

void set_rope(const ModelFiles& files, const RopeKeys& keys, DecoderSettings& settings) {
  ModelInfo& info = settings.info;
  settings.ropes.emplace_back(files, info.head_size, keys);
  const int64_t longest = settings.ropes.back().longest();
  if (longest) info.context = std::min(info.context, longest);
}

const Spare& decoder_spare() {
  // Buffers of rotary frequencies, which follow from the settings; a head that guesses tokens
  // further ahead (mtp) and has no part in the next one.
  static constexpr std::string_view kTensors[] = {"*rotary_emb.inv_freq", "*.attn_rot_embd.weight",
                                                  "rope_freqs", "mtp.*"};
  // The first is the embedding's own shape. Then what belongs to scaling types that others read,
  // or to windows that are not in use or that the context ends before; the order that Llama's rows
  // have in GGUF anyway; how the products are split in training; and what experts would add to
  // the loss.
  static constexpr std::string_view kKeys[] = {"vocab_size",
                                               "rope.scaling.original_context_length",
                                               "rope.scaling.finetuned",
                                               "original_max_position_embeddings",
                                               "use_sliding_window",
                                               "max_window_layers",
                                               "sliding_window_pattern",
                                               "attention.sliding_window_pattern",
                                               "tensor_data_layout",
                                               "pretraining_tp",
                                               "is_llama_config",
                                               "router_aux_loss_coef"};
  static constexpr NeutralSetting kNeutral[] = {{"partial_rotary_factor", 1},
                                                {"rotary_pct", 1},
                                                {"embedding_multiplier", 1},
                                                {"residual_multiplier", 1},
                                                {"logits_scaling", 1},
                                                {"logit_scale", 1},
                                                {"logit_scale", 0},
                                                {"is_causal", 1},
                                                {"scale_attn_weights", 1},
                                                {"attention.causal", 1},
                                                {"residual_scale", 1},
                                                {"residual_scale", 0},
                                                {"embedding_scale", 1},
                                                {"embedding_scale", 0},
                                                {"rope.scaling.attn_factor", 1},
                                                {"rope_interleaved", 0},
                                                {"final_logit_softcapping", 0},
                                                {"attn_logit_softcapping", 0},
                                                {"expert_count", 0},
                                                {"num_local_experts", 0},
                                                {"num_experts", 0},
                                                {"quantization_config", 0},
                                                {"is_encoder_decoder", 0}};
  static constexpr Spare kSpare{kTensors, kKeys, kNeutral};
  return kSpare;
}

}  // namespace relatum::arch
