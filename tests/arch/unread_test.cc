// What a model file holds is read, known to be harmless, or refused by its name.
#include "arch/unread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <list>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "io/json.h"
#include "support/gguf_writer.h"
#include "support/models.h"
#include "support/temporary.h"

namespace relatum::testing {
namespace {

namespace fs = std::filesystem;
using arch::ModelFiles;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::vector<int32_t> some_tokens() { return {5, 9, 17, 33, 65, 99}; }

std::vector<float> results_of(const fs::path& path) {
  const auto model = load(path, {.base = "f32"});
  const auto tokens = some_tokens();
  const Matrix<float> result = run(*model, single(tokens, model->info().causal));
  return {result.row(0), result.row(0) + result.rows() * result.cols()};
}

// Bit for bit.
void expect_equal(const std::vector<float>& a, const std::vector<float>& b) { EXPECT_EQ(a, b); }

class Unread : public ::testing::Test {
 protected:
  // A tensor beside those of a fixture; its values count up in small steps.
  struct Extra {
    std::string name;
    std::vector<int64_t> shape;
  };
  std::vector<float>& values(int64_t count) {
    std::vector<float>& kept = kept_.emplace_back();
    for (int64_t i = 0; i < count; ++i) kept.push_back(0.01f * float(i % 7) - 0.02f);
    return kept;
  }
  static int64_t size_of(const Extra& extra) {
    int64_t size = 1;
    for (const int64_t length : extra.shape) size *= length;
    return size;
  }

  // A fixture folder with changed settings, renamed tensors and more of them.
  fs::path folder(const json& settings, const std::vector<Extra>& extras = {},
                  const std::string& from = "llama/tied",
                  const std::function<std::string(std::string)>& name = {}) {
    json config = io::load_json(fixture(from + "/config.json"));
    for (const auto& [key, value] : settings.items()) config[key] = value;
    write_file(folder_ / "config.json", config.dump());
    const auto file = io::Safetensors::open_folder(fixture(from));
    std::vector<io::SafetensorsOutput> tensors;
    for (const auto& tensor : file.tensors()) {
      tensors.push_back({name ? name(tensor.name) : tensor.name, tensor.dtype, tensor.shape,
                         tensor.bytes});
    }
    for (const Extra& extra : extras) {
      tensors.push_back({extra.name, "F32", extra.shape,
                         std::as_bytes(std::span(values(size_of(extra))))});
    }
    io::write_safetensors(folder_ / "model.safetensors", tensors);
    return folder_.path();
  }

  // The tiny GGUF with more keys and tensors.
  fs::path gguf(const std::function<void(GgufWriter&)>& change) {
    const auto file = io::GgufFile::open(fixture("llama/tiny.gguf"));
    GgufWriter writer;
    for (const io::GgufEntry& entry : file.metadata()) {
      writer.set(std::string(entry.key), entry.value);
    }
    for (const io::GgufTensor& tensor : file.tensors()) {
      writer.add_tensor(tensor.name, tensor.type, tensor.shape, tensor.bytes);
    }
    change(writer);
    writer.write(folder_ / "model.gguf");
    return folder_ / "model.gguf";
  }
  void add(GgufWriter& writer, const Extra& extra) {
    writer.add_tensor(extra.name, 0, extra.shape,
                      std::as_bytes(std::span(values(size_of(extra)))));
  }

  static void expect_refused(const fs::path& path, const std::string& part) {
    EXPECT_THAT([&] { load(path); }, ThrowsMessage<Error>(HasSubstr(part)));
  }

  std::list<std::vector<float>> kept_;
  TemporaryFolder folder_;
};

TEST_F(Unread, TensorsOfAFolderAreNamed) {
  for (const std::string name : {"model.layers.0.self_attn.q_norm.weight",
                                 "model.layers.1.self_attn.q_proj.bias", "score.weight",
                                 "model.layers.0.self_attn.q_proj.lora_A.weight",
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
               results_of(folder({}, {{"bert.embeddings.position_ids", {1, 64}},
                                      {"pooler.projection.weight", {32, 32}},
                                      {"cls.predictions.bias", {100}},
                                      {"cls.seq_relationship.weight", {2, 32}},
                                      {"classifier.bias", {2}}}, "bert")));
}

TEST_F(Unread, SettingsThatChangeTheNetworkAreNamed) {
  const std::vector<std::pair<std::string, json>> settings = {
      {"partial_rotary_factor", 0.5}, {"residual_multiplier", 0.22}, {"logits_scaling", 8.0},
      {"embedding_multiplier", 12.0}, {"attention_multiplier", 0.01},
      {"final_logit_softcapping", 30.0}, {"num_local_experts", 8}, {"rope_interleaved", true},
      {"no_rope_layers", {1, 0}}, {"use_qk_norm", true}, {"clip_qkv", 8.0}, {"is_causal", false},
      {"use_rope", false}, {"use_rms_norm", false}, {"causal", false},
      {"layer_types", {"full_attention", "chunked_attention"}}, {"attention_chunk_size", 64},
      {"quantization_config", {{"quant_method", "gptq"}}},
      {"auto_map", {{"AutoModelForCausalLM", "modeling_x.X"}}}};
  for (const auto& [key, value] : settings) {
    SCOPED_TRACE(key);
    expect_refused(folder({{key, value}}), key);
  }
  for (const auto& [key, value] : std::vector<std::pair<std::string, json>>{
           {"is_decoder", true}, {"add_cross_attention", true}, {"embedding_size", 16},
           {"feed_forward_type", "geglu"}, {"position_embedding_type", "alibi"}}) {
    SCOPED_TRACE(key);
    expect_refused(folder({{key, value}}, {}, "bert"), std::string_view(key) ==
                   "position_embedding_type" ? "alibi" : key);
  }
}

TEST_F(Unread, SettingsThatAreOffOrNeutralPass) {
  const auto plain = results_of(fixture("llama/tied"));
  expect_equal(plain, results_of(folder(
      {{"partial_rotary_factor", 1.0}, {"residual_multiplier", 1}, {"logits_scaling", 1.0},
       {"attention_multiplier", 1 / std::sqrt(8.0)}, {"final_logit_softcapping", nullptr},
       {"num_local_experts", 0}, {"rope_interleaved", false}, {"use_qk_norm", false},
       {"layer_types", {"full_attention", "full_attention"}}, {"pruned_heads", json::object()}})));
}

// What the configurations of well-known models say beside the network's own settings.
TEST_F(Unread, NotesAndTrainingOptionsPass) {
  expect_equal(results_of(fixture("llama/tied")), results_of(folder(
      {{"_name_or_path", "x"}, {"_attn_implementation_autoset", true}, {"is_llama_config", true},
       {"transformers.js_config", {{"kv_cache_dtype", {{"q4f16", "float16"}}}}},
       {"unsloth_version", "2025.1"}, {"attention_dropout", 0.1}, {"dtype", "bfloat16"},
       {"router_aux_loss_coef", 0.001}, {"max_sequence_length", 2048},
       {"use_flash_attn", true}, {"output_attentions", true}, {"task_specific_params", {{"a", 1}}},
       {"pad_token_id", 7}, {"decoder_start_token_id", 1}, {"initializer_factor", 1.0},
       {"original_max_position_embeddings", 128}})));
  expect_equal(results_of(fixture("bert")), results_of(folder(
      {{"directionality", "bidi"}, {"pooler_fc_size", 768}, {"pooler_num_attention_heads", 12},
       {"pooler_num_fc_layers", 3}, {"pooler_size_per_head", 128},
       {"pooler_type", "first_token_transform"}, {"gradient_checkpointing", false},
       {"id2label", {{"0", "LABEL_0"}}}, {"chunk_size_feed_forward", 4},
       {"sentence_transformers", {{"version", "4.1.0"}}}, {"classifier_dropout", 0.1}}, {},
      "bert")));
}

TEST_F(Unread, KeysOfAGgufAreNamed) {
  const std::vector<std::pair<std::string, float>> numbers = {
      {"logit_scale", 0.5f}, {"attention.scale", 0.1f}, {"residual_scale", 0.2f},
      {"final_logit_softcapping", 30.0f}, {"attention.clamp_kqv", 8.0f},
      {"rope.scaling.attn_factor", 1.2f}, {"rope.scaling.yarn_beta_fast", 32.0f},
      {"something.new", 3.0f}};
  for (const auto& [key, value] : numbers) {
    SCOPED_TRACE(key);
    expect_refused(gguf([&name = key, number = value](GgufWriter& w) {
                     w.set_f32("llama." + name, number);
                   }), key);
  }
  for (const auto& [key, value] : std::vector<std::pair<std::string, uint32_t>>{
           {"llama.rope.dimension_count", 4}, {"llama.attention.value_length", 4},
           {"llama.expert_count", 8}, {"split.count", 2}}) {
    SCOPED_TRACE(key);
    const std::string name = key.substr(key.find('.') + 1);
    expect_refused(gguf([&whole = key, number = value](GgufWriter& w) {
                     w.set_u32(whole, number);
                   }),
                   key == "split.count" ? "2 parts" : name);
  }
  expect_refused(gguf([](GgufWriter& w) { w.set_bool("llama.attention.causal", false); }),
                 "attention.causal");
  expect_refused(gguf([](GgufWriter& w) { w.set_string("general.type", "adapter"); }),
                 "adapter");
  expect_refused(gguf([](GgufWriter& w) {
                   w.set_f32("llama.attention.layer_norm_rms_epsilon", std::nanf(""));
                 }), "layer_norm_rms_epsilon");
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

std::vector<std::pair<std::string, int64_t>> bias_names(bool gguf) {
  const std::vector<std::tuple<std::string, std::string, int64_t>> parts = {
      {"self_attn.q_proj", "attn_q", 32}, {"self_attn.k_proj", "attn_k", 16},
      {"self_attn.v_proj", "attn_v", 16}, {"self_attn.o_proj", "attn_output", 32},
      {"mlp.gate_proj", "ffn_gate", 48},  {"mlp.up_proj", "ffn_up", 48},
      {"mlp.down_proj", "ffn_down", 32}};
  std::vector<std::pair<std::string, int64_t>> names;
  for (int layer = 0; layer < 2; ++layer) {
    for (const auto& [hugging_face, ggml, size] : parts) {
      const std::string number = std::to_string(layer);
      names.emplace_back(gguf ? "blk." + number + "." + ggml + ".bias"
                              : "model.layers." + number + "." + hugging_face + ".bias", size);
    }
  }
  return names;
}

TEST_F(Unread, BiasesOfAFolderCountWhereTheSettingsSaySo) {
  std::vector<Extra> extras;
  for (const auto& [name, size] : bias_names(false)) extras.push_back({name, {size}});
  const auto plain = results_of(fixture("llama/tied"));
  const auto biased =
      results_of(folder({{"attention_bias", true}, {"mlp_bias", true}}, extras));
  EXPECT_NE(plain, biased);
  expect_refused(folder({}, extras), "model.layers.0.");
  expect_refused(folder({{"attention_bias", true}}), "attention_bias is set");
  expect_refused(folder({{"mlp_bias", true}}), "mlp_bias is set");
}

// Only what is there; a value bias alone shifts what a GGUF computes, too.
TEST_F(Unread, EachBiasOfAGgufCounts) {
  const auto plain = results_of(fixture("llama/tiny.gguf"));
  for (const auto& [name, size] : bias_names(true)) {
    if (name == "blk.0.attn_k.bias" || name == "blk.1.attn_k.bias") continue;  // below
    const auto biased = results_of(gguf([&, &n = name, &s = size](GgufWriter& w) {
      add(w, {n, {s}});
    }));
    EXPECT_NE(plain, biased)
        << name;
  }
  const auto model = load(gguf([&](GgufWriter& w) { add(w, {"blk.0.attn_k.bias", {16}}); }));
  ASSERT_EQ(model->linears()[0]->bias().size(), 64u);
  // Stored pairwise: rows 0 4 1 5 2 6 3 7 of a head of eight.
  EXPECT_EQ(model->linears()[0]->bias()[32 + 1], 0.01f * 2 - 0.02f);
  EXPECT_EQ(model->linears()[0]->bias()[32 + 4], 0.01f * 1 - 0.02f);
}

TEST_F(Unread, AHeadOfItsOwnMustAgreeWithTheSettings) {
  expect_refused(folder({}, {{"lm_head.weight", {128, 32}}}), "tie_word_embeddings is true");
  expect_refused(folder({{"tie_word_embeddings", false}}), "tie_word_embeddings is false");
  expect_refused(folder({{"tie_word_embeddings", "yes"}}), "must be true or false");
}

TEST_F(Unread, NamesOfWrappersAreRead) {
  const auto plain = results_of(fixture("llama/tied"));
  for (const std::string start : {"_orig_mod.", "module.", "base_model.model.", "model.",
                                  "_orig_mod.module.", "_fsdp_wrapped_module."}) {
    SCOPED_TRACE(start);
    expect_equal(plain, results_of(folder({}, {}, "llama/tied", [&](const std::string& name) {
                   return start + name;
                 })));
  }
  expect_equal(plain, results_of(folder({}, {}, "llama/tied", [](const std::string& name) {
                 return name.starts_with("model.") ? name.substr(6) : name;
               })));
  expect_refused(folder({}, {}, "llama/tied", [](const std::string& name) {
                   return "student." + name;
                 }), "'student.model.embed_tokens.weight' comes nearest");
}

TEST_F(Unread, OldNamesOfNormsAreRead) {
  const auto old = [](std::string name) {
    const auto replace = [&](const std::string& from, const std::string& to) {
      if (name.ends_with(from)) name = name.substr(0, name.size() - from.size()) + to;
    };
    replace("LayerNorm.weight", "LayerNorm.gamma");
    replace("LayerNorm.bias", "LayerNorm.beta");
    return name;
  };
  const auto plain = results_of(fixture("bert"));
  for (const std::string start : {"", "bert.", "_orig_mod.", "module.", "0.auto_model.",
                                  "module.bert.", "0.auto_model.bert."}) {
    SCOPED_TRACE(start);
    expect_equal(plain, results_of(folder({}, {}, "bert", [&](const std::string& name) {
                   return start + old(name);
                 })));
  }
}

TEST_F(Unread, TwoNamesOfOneTensorMustAgree) {
  expect_refused(folder({}, {{"norm.weight", {32}}}), "two names of one tensor");
  expect_refused(folder({}, {{"module.embeddings.LayerNorm.gamma", {32}}}, "bert"),
                 "two names of one tensor");
}

TEST_F(Unread, RotarySettingsAreReadOrNamed) {
  const auto scaled = [&](const json& scaling) { return folder({{"rope_scaling", scaling}}); };
  expect_refused(scaled({{"type", "linear"}, {"rope_type", "llama3"}, {"factor", 2.0}}),
                 "'linear' and of rope_type 'llama3'");
  expect_refused(scaled({{"type", "linear"}, {"factor", 2.0}, {"mscale", 0.7}}), "'mscale'");
  expect_refused(scaled({{"type", "linear"}, {"factor", 0.0}}), "frequency");
  expect_refused(scaled({{"rope_type", "yarn"}, {"factor", 2.0}}), "'yarn'");
  expect_refused(scaled({{"rope_type", "default"}, {"rope_theta", 10.0}}),
                 "rope_theta is 100000 and, in rope_scaling, 10");
  json both = {{"rope_scaling", {{"rope_type", "llama3"}, {"factor", 8.0}, {"low_freq_factor", 1.0},
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
  const fs::path inside = folder({{"rope_theta", nullptr},
                                  {"rope_scaling", {{"rope_type", "default"},
                                                    {"rope_theta", 100000.0}}}});
  expect_equal(results_of(fixture("llama/tied")), results_of(inside));
  expect_equal(results_of(fixture("llama/tied")),
               results_of(folder({{"rope_parameters", {{"rope_theta", 100000.0},
                                                       {"rope_type", "default"}}}})));
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
