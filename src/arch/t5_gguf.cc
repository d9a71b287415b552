// T5's keys as llama.cpp's converter spells them, and its head.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "arch/gguf_refusal.h"
#include "arch/t5_settings.h"
#include "quant/format.h"
#include "tensor/values.h"

namespace relatum::arch {
namespace {

void check_known(const ModelFiles& files, const T5Settings& settings) {
  const nn::Activation known = settings.gated ? nn::Activation::kGeluTanh : nn::Activation::kRelu;
  if (settings.activation != known) {
    refuse_for_gguf(files, "feed_forward_proj is neither relu nor gated-gelu");
  }
  if (settings.farthest != 128) {
    refuse_for_gguf(
        files, fmt::format("relative_attention_max_distance is {}, not 128", settings.farthest));
  }
}

// A GGUF has a head of its own and its input as it is, or shares the embedding and scales it. What
// config.json may combine otherwise is brought into that form.
void describe_head(const ModelFiles& files, const T5Settings& settings, GgufForm& form) {
  const nlohmann::json* tied = files.setting("tie_word_embeddings");
  if (!files.setting("scale_decoder_outputs") && tied && *tied == true) {
    form.remove("output.weight");
  }
  const bool own = form.find("output.weight") != nullptr;
  if (own == !settings.scales_head) return;
  if (own) scale_last_norm(form, head_scale(settings.info.width));
  else part_head(form, 1);
}

// A file has one embedding. Those of the halves are asked for without a name there.
void check_embeddings(const ModelFiles& files, GgufForm& form) {
  const FormTensor& shared = *form.find("token_embd.weight");
  for (const FormTensor& tensor : form.tensors) {
    const bool same = std::ranges::equal(tensor.weight.data, shared.weight.data);
    if (!tensor.name.empty() || same) continue;
    refuse_for_gguf(files, fmt::format("'{}' differs from 'shared.weight'", tensor.weight.name));
  }
}

}  // namespace

void describe_t5(const ModelFiles& files, const ModelInfo& info, GgufForm& form) {
  const T5Settings settings = read_t5_settings(files);
  check_known(files, settings);
  const auto set = [&](const std::string& key, int64_t value) {
    set_size(files, form, "t5." + key, double(value));
  };
  check_embeddings(files, form);
  form.remove("");
  describe_sizes(files, info, "t5", form);
  set("context_length", files.get_int("n_positions", "", 512));
  set("block_count", info.encoder_layers);
  set("decoder_block_count", info.layers);
  set("attention.relative_buckets_count", settings.buckets);
  set("decoder_start_token_id", info.decoder_start);
  form.keys.set_f32("t5.attention.layer_norm_epsilon", settings.epsilon);
  form.keys.set_f32("t5.attention.layer_norm_rms_epsilon", settings.epsilon);
  describe_head(files, settings, form);
  if (info.layers > info.encoder_layers) {
    form.notes.push_back(
        "llama.cpp does not load a T5 whose decoder has more layers than its "
        "encoder");
  }
}

}  // namespace relatum::arch
