// The Llama family: RMSNorm, rotary grouped-query attention, SwiGLU (Touvron et al. 2023), and
// Mistral, the same network with a window (Jiang et al. 2023).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "arch/decoder.h"
#include "arch/decoder_gguf.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"

namespace relatum::arch {
namespace {

// Mistral's configuration has other values where it says nothing (transformers).
bool is_mistral(const ModelFiles& files) {
  return files.config() && files.architecture() == "mistral";
}

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

ModelInfo read_sizes(const ModelFiles& files) {
  ModelInfo info;
  info.family = "llama";
  info.path = files.path().string();
  info.layers = files.get_int("num_hidden_layers", "block_count");
  info.width = files.get_int("hidden_size", "embedding_length");
  info.heads = files.get_int("num_attention_heads", "attention.head_count");
  info.kv_heads = files.get_int("num_key_value_heads", "attention.head_count_kv", info.heads);
  info.ffn_width = files.get_int("intermediate_size", "feed_forward_length");
  info.context = files.get_int("max_position_embeddings", "context_length", 2048);
  check_sizes(info);
  info.head_size = files.get_int("head_dim", "attention.key_length", info.width / info.heads);
  if (info.head_size <= 0 || info.head_size % 2 || info.head_size > 1024 ||
      info.heads % info.kv_heads) {
    fail("arch.llama", fmt::format("{}: {} heads, {} key heads of size {} do not fit together.",
                                   info.path, info.heads, info.kv_heads, info.head_size));
  }
  return info;
}

// Settings that have one value in this network.
void check_network(const ModelFiles& files, const ModelInfo& info, int64_t window) {
  const auto refuse = [&](std::string_view what) {
    fail("arch.llama", fmt::format("{}: {}, which is not supported. Use a model without it.",
                                   files.settings_place(), what));
  };
  const std::string activation = files.get_string("hidden_act", "", "silu");
  if (activation != "silu" && activation != "swish") {
    refuse(fmt::format("hidden_act is '{}', not Llama's silu", activation));
  }
  const double natural = 1.0 / std::sqrt(double(info.head_size));
  const double scale = files.get_double("attention_multiplier", "attention.scale", 0.0);
  if (scale != 0 && std::abs(scale - natural) > 1e-6 * natural) {
    refuse(fmt::format("attention scores are scaled by {} ({}), not by {:.6g}", scale,
                       files.config() ? "attention_multiplier" : "attention.scale", natural));
  }
  for (const char* key : {"attention.value_length", "rope.dimension_count"}) {
    const int64_t size = files.get_int("", key, info.head_size);
    if (size == info.head_size) continue;
    refuse(fmt::format("{} is {}, but a head has {} values", key, size, info.head_size));
  }
  const nlohmann::json* types = files.setting("layer_types");
  if (!types) return;
  for (const nlohmann::json& type : *types) {
    // Neither network has layers of both kinds.
    const bool full = type == "full_attention" && !window;
    if (full || type == "sliding_attention") continue;
    refuse(fmt::format("layer_types holds {}{}", printable_start(io::dump_json(type), 60),
                       window ? fmt::format(" beside a sliding_window of {}", window) : ""));
  }
}

DecoderSettings read_settings(const ModelFiles& files) {
  DecoderSettings settings;
  settings.info = read_sizes(files);
  ModelInfo& info = settings.info;
  const std::optional<double> epsilon = files.config()
                                            ? std::optional(1e-6)
                                            : std::nullopt;  // llama.cpp asks for it, too
  settings.epsilon = float(
      files.get_double("rms_norm_eps", "attention.layer_norm_rms_epsilon", epsilon));
  settings.scale = 1.0f / std::sqrt(float(info.head_size));
  const int64_t window = read_window(files, info);
  check_network(files, info, window);
  settings.windows = {window};
  settings.rope = Rope(files, info.head_size);
  if (settings.rope.longest()) info.context = std::min(info.context, settings.rope.longest());
  return settings;
}

std::unique_ptr<Model> load_llama(const ModelFiles& files, const LoadOptions& options) {
  return std::make_unique<Decoder>(files, options, read_settings(files));
}

// In GGUF a Mistral is a Llama, too.
void describe_llama(const ModelFiles& files, const ModelInfo& info, GgufForm& form) {
  describe_decoder(files, info, "llama", form);
  ModelInfo sizes = read_sizes(files);
  const int64_t window = read_window(files, sizes);
  const int64_t context = window ? window : sizes.context;
  if (context == files.get_int("max_position_embeddings", "", context)) return;
  form.keys.set_u32("llama.context_length", uint32_t(context));
  form.notes.push_back(
      fmt::format("the context ends with the window, after {} tokens: GGUF has no "
                  "window for this architecture",
                  context));
}

}  // namespace

const Family& family_llama() {
  static constexpr std::string_view kTypes[] = {"llama", "mistral"};
  // Buffers of rotary frequencies, which follow from the settings; a head that guesses tokens
  // further ahead (mtp) and has no part in the next one.
  static constexpr std::string_view kTensors[] = {"*rotary_emb.inv_freq", "*.attn_rot_embd.weight",
                                                  "rope_freqs", "mtp.*"};
  // The first is the embedding's own shape. Then what belongs to scaling types that others read, or
  // to windows that are refused or that the context ends before; the order that Llama's rows have
  // in GGUF anyway; and how the products are split in training.
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
  static const Family family{"llama",    kTypes,        true, {kTensors, kKeys, kNeutral},
                             load_llama, describe_llama};
  return family;
}

}  // namespace relatum::arch
