// T5's settings in config.json and GGUF.
#include "arch/t5_settings.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "arch/activation_name.h"
#include "arch/epsilon.h"
#include "arch/head_weight.h"
#include "base/error.h"
#include "base/printable.h"

namespace relatum::arch {
namespace {

constexpr int64_t kContext = 16384;  // tokens of a row; a table of all its distances has to fit

void read_activation(const ModelFiles& files, T5Settings& settings) {
  if (files.gguf()) {
    // As llama.cpp: where there is a gate, it is gelu's.
    settings.gated = files.has({"", "enc.blk.0.ffn_gate.weight"});
    settings.activation = settings.gated ? nn::Activation::kGeluTanh : nn::Activation::kRelu;
    return;
  }
  const std::string name = files.get_string("feed_forward_proj", "", "relu");
  const bool gated = name.starts_with("gated-");
  const std::string function = gated ? name.substr(6) : name;
  // "gated-gelu" has always meant the one by tanh.
  const auto found = activation_named(function);
  if (!found) {
    fail("arch.t5", fmt::format("{}: feed_forward_proj is '{}', which is not known. Known are {}, "
                                "and each of them gated (gated-gelu, …). Use a model with one of "
                                "these.",
                                files.settings_place(), printable_start(name), kActivationNames));
  }
  settings.activation = name == "gated-gelu" ? nn::Activation::kGeluTanh : *found;
  // What transformers makes of that is saved as well, and counts more where it says otherwise.
  if (files.setting("dense_act_fn")) {
    const std::string own = files.get_string("dense_act_fn", "", "relu");
    const auto named = activation_named(own);
    if (!named) {
      fail("arch.t5",
           fmt::format("{}: dense_act_fn is '{}', which is not known. Known are {}. Use a model "
                       "with one of these.",
                       files.settings_place(), printable_start(own), kActivationNames));
    }
    settings.activation = *named;
  }
  settings.gated = files.get_bool("is_gated_act", gated);
}

}  // namespace

T5Settings read_t5_settings(const ModelFiles& files) {
  T5Settings settings;
  ModelInfo& info = settings.info;
  info.family = "t5";
  info.path = files.path().string();
  info.encoder_layers = files.get_int("num_layers", "block_count");
  info.layers = files.get_int("num_decoder_layers", "decoder_block_count", info.encoder_layers);
  info.width = files.get_int("d_model", "embedding_length");
  info.heads = info.kv_heads = files.get_int("num_heads", "attention.head_count");
  info.ffn_width = files.get_int("d_ff", "feed_forward_length");
  // Distances have no end, so rows may be longer than those that it was trained with.
  info.context = kContext;
  check_sizes(info);
  info.head_size = files.get_int("d_kv", "attention.key_length");
  settings.epsilon = read_epsilon(files, "layer_norm_epsilon", "attention.layer_norm_epsilon",
                                  1e-6);
  settings.buckets = files.get_int("relative_attention_num_buckets",
                                   "attention.relative_buckets_count", 32);
  settings.farthest = files.get_int("relative_attention_max_distance", "", 128);
  info.vocabulary = vocabulary_size(files);
  const int64_t start = files.get_int("decoder_start_token_id", "decoder_start_token_id", 0);
  const auto refuse = [&](const std::string& what) {
    fail("arch.t5",
         fmt::format("{}: {}. Fetch the model's settings again.", files.settings_place(), what));
  };
  if (info.encoder_layers == 0) refuse("an encoder without layers cannot be");
  if (start < 0 || start >= info.vocabulary) {
    refuse(fmt::format("decoder_start_token_id is {}, and the vocabulary has {} tokens", start,
                       info.vocabulary));
  }
  info.decoder_start = int32_t(start);
  if (info.head_size <= 0 || info.head_size > 1024) {
    refuse(fmt::format("heads of {} values cannot be", info.head_size));
  }
  if (settings.buckets < 4 || settings.buckets > 4096 ||
      settings.farthest <= settings.buckets / 2 || settings.farthest > 1 << 24) {
    refuse(fmt::format("{} buckets for distances up to {} cannot be", settings.buckets,
                       settings.farthest));
  }
  read_activation(files, settings);
  // transformers 5 has a setting for it and says "tied" of all; before it, the settings of T5 1.1
  // said that head and embedding are not tied.
  const nlohmann::json* scaled = files.setting("scale_decoder_outputs");
  const nlohmann::json* tied = files.setting("tie_word_embeddings");
  settings.scales_head = scaled ? *scaled == true : !tied || *tied == true;
  return settings;
}

float head_scale(const ModelFiles& files, const ModelInfo& info) {
  const bool scaled = files.gguf() ? !info.own_head : read_t5_settings(files).scales_head;
  return scaled ? head_scale(info.width) : 1.0f;
}

float head_scale(int64_t width) { return 1.0f / std::sqrt(float(width)); }

}  // namespace relatum::arch
