// What a model file holds is read, known to be harmless, or refused by its name.
#include "arch/unread.h"

#include <cmath>

#include "changed_model.h"

namespace relatum::testing {
namespace {

class Unread : public ChangedModel {};

TEST_F(Unread, TensorsOfAFolderAreNamed) {
  for (const std::string name :
       {"model.layers.0.self_attn.q_norm.weight", "model.layers.1.self_attn.q_proj.bias",
        "score.weight", "model.layers.0.self_attn.q_proj.lora_A.weight",
        "model.layers.2.input_layernorm.weight"}) {
    expect_refused(folder({}, {{name, {32}}}), "'" + name + "'");
  }
  for (const std::string name : {"encoder.layer.0.attention.self.distance_embedding.weight",
                                 "encoder.layer.2.output.dense.bias", "linear.weight"}) {
    expect_refused(folder({}, {{name, {32}}}, "bert"), "'" + name + "'");
  }
}

TEST_F(Unread, TensorsOfAGgufAreNamed) {
  for (const std::string name : {"blk.0.attn_q_norm.weight", "blk.1.ffn_gate_inp.weight",
                                 "output.bias", "rope_factors_long.weight"}) {
    expect_refused(gguf([&](GgufWriter& w) { add(w, {name, {8}}); }), "'" + name + "'");
  }
}

TEST_F(Unread, BuffersAndHeadsChangeNothing) {
  expect_equal(results_of(fixture("llama/tied")),
               results_of(folder({}, {{"model.layers.0.self_attn.rotary_emb.inv_freq", {4}},
                                      {"mtp.layers.0.weight", {4}}})));
  expect_equal(results_of(fixture("bert")),
               results_of(folder({},
                                 {{"bert.embeddings.position_ids", {1, 64}},
                                  {"pooler.projection.weight", {32, 32}},
                                  {"cls.predictions.bias", {100}},
                                  {"cls.seq_relationship.weight", {2, 32}},
                                  {"classifier.bias", {2}}},
                                 "bert")));
}

TEST_F(Unread, SettingsThatChangeTheNetworkAreNamed) {
  const std::vector<std::pair<std::string, json>> settings = {
      {"partial_rotary_factor", 0.5},
      {"residual_multiplier", 0.22},
      {"logits_scaling", 8.0},
      {"embedding_multiplier", 12.0},
      {"attention_multiplier", 0.01},
      {"final_logit_softcapping", 30.0},
      {"num_local_experts", 8},
      {"rope_interleaved", true},
      {"no_rope_layers", {1, 0}},
      {"use_qk_norm", true},
      {"clip_qkv", 8.0},
      {"is_causal", false},
      {"use_rope", false},
      {"use_rms_norm", false},
      {"causal", false},
      {"layer_types", {"full_attention", "chunked_attention"}},
      {"attention_chunk_size", 64},
      {"quantization_config", {{"quant_method", "gptq"}}},
      {"auto_map", {{"AutoModelForCausalLM", "modeling_x.X"}}}};
  for (const auto& [key, value] : settings) {
    SCOPED_TRACE(key);
    expect_refused(folder({{key, value}}), key);
  }
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, json>>{{"is_decoder", true},
                                                 {"add_cross_attention", true},
                                                 {"embedding_size", 16},
                                                 {"feed_forward_type", "geglu"},
                                                 {"position_embedding_type", "alibi"}}) {
    SCOPED_TRACE(key);
    expect_refused(folder({{key, value}}, {}, "bert"),
                   std::string_view(key) == "position_embedding_type" ? "alibi" : key);
  }
}

TEST_F(Unread, SettingsThatAreOffOrNeutralPass) {
  const auto plain = results_of(fixture("llama/tied"));
  expect_equal(plain, results_of(folder({{"partial_rotary_factor", 1.0},
                                         {"residual_multiplier", 1},
                                         {"logits_scaling", 1.0},
                                         {"attention_multiplier", 1 / std::sqrt(8.0)},
                                         {"final_logit_softcapping", nullptr},
                                         {"num_local_experts", 0},
                                         {"rope_interleaved", false},
                                         {"use_qk_norm", false},
                                         {"layer_types", {"full_attention", "full_attention"}},
                                         {"pruned_heads", json::object()}})));
}

// What the configurations of well-known models say beside the network's own settings.
TEST_F(Unread, NotesAndTrainingOptionsPass) {
  expect_equal(
      results_of(fixture("llama/tied")),
      results_of(folder({{"_name_or_path", "x"},
                         {"_attn_implementation_autoset", true},
                         {"is_llama_config", true},
                         {"transformers.js_config", {{"kv_cache_dtype", {{"q4f16", "float16"}}}}},
                         {"unsloth_version", "2025.1"},
                         {"attention_dropout", 0.1},
                         {"dtype", "bfloat16"},
                         {"router_aux_loss_coef", 0.001},
                         {"max_sequence_length", 2048},
                         {"use_flash_attn", true},
                         {"output_attentions", true},
                         {"task_specific_params", {{"a", 1}}},
                         {"pad_token_id", 7},
                         {"decoder_start_token_id", 1},
                         {"initializer_factor", 1.0},
                         {"original_max_position_embeddings", 128}})));
  expect_equal(results_of(fixture("bert")),
               results_of(folder({{"directionality", "bidi"},
                                  {"pooler_fc_size", 768},
                                  {"pooler_num_attention_heads", 12},
                                  {"pooler_num_fc_layers", 3},
                                  {"pooler_size_per_head", 128},
                                  {"pooler_type", "first_token_transform"},
                                  {"gradient_checkpointing", false},
                                  {"id2label", {{"0", "LABEL_0"}}},
                                  {"chunk_size_feed_forward", 4},
                                  {"sentence_transformers", {{"version", "4.1.0"}}},
                                  {"classifier_dropout", 0.1}},
                                 {}, "bert")));
}

TEST_F(Unread, KeysOfAGgufAreNamed) {
  const std::vector<std::pair<std::string, float>> numbers = {
      {"logit_scale", 0.5f},
      {"attention.scale", 0.1f},
      {"residual_scale", 0.2f},
      {"final_logit_softcapping", 30.0f},
      {"attention.clamp_kqv", 8.0f},
      {"rope.scaling.attn_factor", 1.2f},
      {"rope.scaling.yarn_beta_fast", 32.0f},
      {"something.new", 3.0f}};
  for (const auto& [key, value] : numbers) {
    SCOPED_TRACE(key);
    expect_refused(
        gguf([&name = key, number = value](GgufWriter& w) { w.set_f32("llama." + name, number); }),
        key);
  }
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, uint32_t>>{{"llama.rope.dimension_count", 4},
                                                     {"llama.attention.value_length", 4},
                                                     {"llama.expert_count", 8},
                                                     {"split.count", 2}}) {
    SCOPED_TRACE(key);
    const std::string name = key.substr(key.find('.') + 1);
    expect_refused(
        gguf([&whole = key, number = value](GgufWriter& w) { w.set_u32(whole, number); }),
        key == "split.count" ? "2 parts" : name);
  }
  expect_refused(gguf([](GgufWriter& w) { w.set_bool("llama.attention.causal", false); }),
                 "attention.causal");
  expect_refused(gguf([](GgufWriter& w) { w.set_string("general.type", "adapter"); }), "adapter");
  expect_refused(gguf([](GgufWriter& w) {
                   w.set_f32("llama.attention.layer_norm_rms_epsilon", std::nanf(""));
                 }),
                 "layer_norm_rms_epsilon");
}

TEST_F(Unread, HarmlessKeysOfAGgufPass) {
  expect_equal(results_of(fixture("llama/tiny.gguf")), results_of(gguf([](GgufWriter& w) {
                 w.set_u32("llama.vocab_size", 128);
                 w.set_u32("llama.expert_count", 0);
                 w.set_f32("llama.logit_scale", 0.0f);
                 w.set_f32("llama.residual_scale", 1.0f);
                 w.set_f32("llama.attention.scale", 1 / std::sqrt(8.0f));
                 w.set_bool("llama.attention.causal", true);
                 w.set_string("llama.tensor_data_layout", "Meta AI original pth");
                 w.set_u32("llama.rope.dimension_count", 8);
                 w.set_string("general.license", "apache-2.0");
                 w.set_u32("quantize.imatrix.entries_count", 210);
                 w.set_string("someone.note", "x");
               })));
}

// As llama.cpp: a factor without a type is linear, and so is the key of the oldest files.
TEST_F(Unread, AGgufsLinearScalingNeedsNoType) {
  const auto plain = results_of(fixture("llama/tiny.gguf"));
  const auto typed = results_of(gguf([](GgufWriter& w) {
    w.set_string("llama.rope.scaling.type", "linear");
    w.set_f32("llama.rope.scaling.factor", 4.0f);
  }));
  EXPECT_NE(plain, typed);
  for (const char* key : {"llama.rope.scaling.factor", "llama.rope.scale_linear"}) {
    expect_equal(typed, results_of(gguf([&](GgufWriter& w) { w.set_f32(key, 4.0f); })));
  }
}

// Only what is there; a value bias alone shifts what a GGUF computes, too.
TEST_F(Unread, RotarySettingsAreReadOrNamed) {
  const auto scaled = [&](const json& scaling) { return folder({{"rope_scaling", scaling}}); };
  expect_refused(scaled({{"type", "linear"}, {"rope_type", "llama3"}, {"factor", 2.0}}),
                 "'linear' and of rope_type 'llama3'");
  expect_refused(scaled({{"type", "linear"}, {"factor", 2.0}, {"mscale", 0.7}}), "'mscale'");
  expect_refused(scaled({{"type", "linear"}, {"factor", 0.0}}), "frequency");
  expect_refused(scaled({{"rope_type", "ntk"}, {"factor", 2.0}}), "'ntk'");
  expect_refused(scaled({{"rope_type", "yarn"}, {"factor", 2.0}, {"low_freq_factor", 1.0}}),
                 "'low_freq_factor'");
  expect_refused(scaled({{"rope_type", "longrope"}, {"short_factor", {1.0}}}), "has 4 pairs");
  expect_refused(
      scaled({{"rope_type", "yarn"}, {"factor", 2.0}, {"original_max_position_embeddings", 0}}),
      "original_max_position_embeddings of 0");
  expect_refused(scaled({{"rope_type", "yarn"}, {"factor", 2.0}, {"attention_factor", -1.0}}),
                 "cosines and sines by -1");
  expect_refused(scaled({{"rope_type", "default"}, {"rope_theta", 10.0}}),
                 "rope_theta is 100000 and, in rope_scaling, 10");
  json both = {{"rope_scaling",
                {{"rope_type", "llama3"},
                 {"factor", 8.0},
                 {"low_freq_factor", 1.0},
                 {"high_freq_factor", 4.0},
                 {"original_max_position_embeddings", 64}}}};
  both["rope_parameters"] = both["rope_scaling"];
  both["rope_parameters"]["low_freq_factor"] = 2.0;
  expect_refused(folder(both), "do not say the same");
  expect_refused(folder({{"rope_parameters", {{"rope_theta", 500.0}}}}),
                 "rope_theta is 100000 and, in rope_parameters, 500");
  expect_refused(folder({{"rope_parameters", {{"partial_rotary_factor", 0.5}}}}),
                 "partial_rotary_factor");
  expect_refused(folder({{"rope_theta", -1.0}}), "frequency");
  // Rows beyond max_position_embeddings, which alone it scales, are refused.
  expect_equal(results_of(fixture("llama/tied")),
               results_of(scaled({{"rope_type", "dynamic"}, {"factor", 2.0}})));
  const fs::path inside = folder(
      {{"rope_theta", nullptr},
       {"rope_scaling", {{"rope_type", "default"}, {"rope_theta", 100000.0}}}});
  expect_equal(results_of(fixture("llama/tied")), results_of(inside));
  expect_equal(results_of(fixture("llama/tied")),
               results_of(folder(
                   {{"rope_parameters", {{"rope_theta", 100000.0}, {"rope_type", "default"}}}})));
}

TEST_F(Unread, ValuesThatAreNotFiniteAreNamed) {
  const fs::path path = folder({});
  auto damage = [&](const std::string& tensor) {
    const fs::path place = folder({});
    const auto file = io::Safetensors::open(place / "model.safetensors");
    std::vector<io::SafetensorsOutput> tensors;
    std::list<std::vector<std::byte>> copies;
    for (const auto& t : file.tensors()) {
      auto& bytes = copies.emplace_back(t.bytes.begin(), t.bytes.end());
      const float bad = std::nanf("");
      if (t.name == tensor) std::memcpy(bytes.data() + 4, &bad, sizeof bad);
      tensors.push_back({t.name, t.dtype, t.shape, bytes});
    }
    io::write_safetensors(place / "model.safetensors", tensors);
    return place;
  };
  expect_refused(damage("model.norm.weight"), "'model.norm.weight'");
  const fs::path damaged = damage("model.layers.1.mlp.up_proj.weight");
  EXPECT_THAT([&] { load(damaged, {.base = "nf4"}); },
              ThrowsMessage<Error>(AllOf(HasSubstr("'model.layers.1.mlp.up_proj.weight'"),
                                         HasSubstr("row 0, column 1"))));
}

}  // namespace
}  // namespace relatum::testing
