// What families of decoders make of their configurations: published values, and what is refused.
#include "arch/decoder_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <map>

#include "support/decoder_options.h"
#include "support/error_of.h"
#include "support/shared.h"
#include "tensor/finite.h"

namespace relatum::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string refusal(const char* option, const json& changes) {
  json config = decoder_options().at(option);
  for (const auto& [key, value] : changes.items()) config[key] = value;
  return error_of([&] { OptionFolder(config).load(); });
}

TEST(DecoderRefusal, SettingsOfGemma3) {
  EXPECT_THAT(refusal("gemma3", {{"model_type", "gemma3"}}), HasSubstr("'gemma3_text'"));
  EXPECT_THAT(refusal("gemma3", {{"hidden_activation", "gelu"}}), HasSubstr("gelu_pytorch_tanh"));
  EXPECT_THAT(refusal("gemma3", {{"hidden_act", "silu"}}), HasSubstr("hidden_act is 'silu'"));
  EXPECT_THAT(refusal("gemma3", {{"sliding_window", nullptr}}), HasSubstr("sliding_window"));
  EXPECT_THAT(refusal("gemma3", {{"sliding_window", 0}}), HasSubstr("sliding_window is 0"));
  EXPECT_THAT(refusal("gemma3", {{"sliding_window_pattern", 0}}), HasSubstr("pattern"));
  EXPECT_THAT(refusal("gemma3", {{"query_pre_attn_scalar", 0}}), HasSubstr("query_pre_attn"));
  EXPECT_THAT(refusal("gemma3", {{"layer_types", {"full_attention"}}}), HasSubstr("1 entries"));
  EXPECT_THAT(refusal("gemma3", {{"layer_types", {"full_attention", "chunked_attention"}}}),
              HasSubstr("chunked_attention"));
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, json>>{{"use_bidirectional_attention", true},
                                                 {"attn_logit_softcapping", 50.0},
                                                 {"final_logit_softcapping", 30.0}}) {
    EXPECT_THAT(refusal("gemma3", {{key, value}}), HasSubstr(key));
  }
}

TEST(DecoderRefusal, RotaryPositionsOfKindsOfLayers) {
  const json flat = {{"rope_type", "default"}, {"rope_theta", 500.0}};
  EXPECT_THAT(refusal("gemma3", {{"rope_parameters", flat}}), HasSubstr("kinds of layers"));
  const json kinds = {{"full_attention", flat}, {"chunked_attention", flat}};
  EXPECT_THAT(refusal("gemma3", {{"rope_parameters", kinds}}), HasSubstr("'chunked_attention'"));
  const json other = {{"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 60.0}}}};
  EXPECT_THAT(refusal("gemma3", {{"rope_parameters", other}}),
              HasSubstr("rope_local_base_freq is 50"));
  const json scaled = {{"rope_type", "linear"}, {"factor", 2.0}, {"new", 1.0}};
  EXPECT_THAT(refusal("gemma3", {{"rope_scaling", scaled}}), HasSubstr("'new'"));
}

TEST(DecoderRefusal, KindsOfLayersOfMistral) {
  const json mixed = {"full_attention", "sliding_attention"};
  EXPECT_THAT(refusal("window", {{"layer_types", mixed}}), HasSubstr("sliding_window of 7"));
  EXPECT_THAT(refusal("window", {{"layer_types", {"sliding_attention"}}}), HasSubstr("1 entries"));
  EXPECT_EQ(refusal("window_unsaid", {{"layer_types", mixed}}), "");  // it reaches over all rows
}

TEST(DecoderRefusal, SettingsOfQwenAndPhi3) {
  EXPECT_THAT(refusal("qwen3", {{"layer_types", {"full_attention", "sliding_attention"}}}),
              HasSubstr("use_sliding_window"));
  EXPECT_THAT(refusal("qwen2", {{"hidden_act", "gelu"}}), HasSubstr("silu"));
  EXPECT_THAT(refusal("phi3", {{"partial_rotary_factor", 0.75}}), HasSubstr("partial_rotary"));
  EXPECT_THAT(refusal("phi3", {{"layer_types", {"full_attention", "sliding_attention"}}}),
              HasSubstr("layer_types"));
}

// Something is kept of each layer before its tensors are looked for.
TEST(DecoderRefusal, MoreLayersThanAnyModelHas) {
  for (const char* option : {"window", "gemma3", "qwen3_window", "phi3_window"}) {
    EXPECT_THAT(refusal(option, {{"num_hidden_layers", 4097}}), HasSubstr("layers of 4097"))
        << option;
  }
}

// Without its biases the network would be Llama's.
TEST(DecoderRefusal, AQwen2WithoutBiases) {
  json config = decoder_options().at("rope_theta");
  OptionFolder folder(config);
  config["model_type"] = "qwen2";
  write_file(folder.path() / "config.json", config.dump());
  EXPECT_THAT(error_of([&] { folder.load(); }),
              AllOf(HasSubstr("'qwen2' has biases"), HasSubstr("layers.0.self_attn.q_proj.bias")));
}

TEST(DecoderRefusal, AHeadOfItsOwnWhereGemmaTiesIt) {
  json config = decoder_options().at("gemma3_untied");
  OptionFolder folder(config);
  config.erase("tie_word_embeddings");
  write_file(folder.path() / "config.json", config.dump());
  EXPECT_THAT(error_of([&] { folder.load(); }), HasSubstr("'lm_head.weight' differs"));
}

// What transformers' configuration of each family has where a file is silent.
TEST(DecoderDefaults, OfMistral) {
  json config = decoder_options().at("window");
  config.erase("max_position_embeddings");
  EXPECT_EQ(OptionFolder(config).load()->info().context, 131072);
  config.erase("num_key_value_heads");
  EXPECT_THAT(error_of([&] { OptionFolder(config).load(); }), HasSubstr("8 key heads"));
  config["num_key_value_heads"] = nullptr;
  const OptionFolder folder(config);
  const auto files = arch::ModelFiles::open(folder.path());
  EXPECT_EQ(arch::read_decoder(files, "llama", {.kv_heads = 8}).info.kv_heads, 4);
}

// A scaling without a factor stretches the first context to the whole one.
TEST(DecoderDefaults, TheContextThatAScalingReachesTo) {
  const auto frequencies = [](const json& scaling) {
    json config = decoder_options().at("qwen2");
    config.erase("max_position_embeddings");
    config["rope_scaling"] = scaling;
    const OptionFolder folder(config);
    const auto files = arch::ModelFiles::open(folder.path());
    arch::load_model(files, {});
    return files.settings().at("rotary frequencies");
  };
  json scaling = {{"rope_type", "yarn"}, {"original_max_position_embeddings", 8192}};
  const std::string unsaid = frequencies(scaling);
  scaling["factor"] = 4.0;
  EXPECT_EQ(unsaid, frequencies(scaling));
  scaling["beta_fast"] = scaling["beta_slow"] = 0;  // as if they were not there
  EXPECT_EQ(unsaid, frequencies(scaling));
  scaling["factor"] = 5.0;
  EXPECT_NE(unsaid, frequencies(scaling));
}

/// A model of a published configuration, narrower and with fewer tokens, whose weights are all
/// alike.
class PublishedConfig : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto path = shared_file(std::string("tokenizers/configs/") + GetParam() + ".json");
    RELATUM_NEEDS(path);
    config_ = io::load_json(*path);
    if (!config_.contains("head_dim")) {
      config_["head_dim"] = int64_t(config_["hidden_size"]) /
                            int64_t(config_["num_attention_heads"]);
    }
    if (!config_.contains("layer_types")) config_["num_hidden_layers"] = 7;
    for (const auto& [key, value] :
         {std::pair{"hidden_size", 32}, {"intermediate_size", 48}, {"vocab_size", 96}}) {
      config_[key] = value;
    }
    add_tensors();
    write_file(folder_ / "config.json", config_.dump());
    io::write_safetensors(folder_ / "model.safetensors", tensors_);
  }
  void add(const std::string& name, const std::vector<int64_t>& shape) {
    int64_t count = 1;
    for (const int64_t size : shape) count *= size;
    const auto& values = kept_.emplace_back(size_t(count), 0.125f);
    tensors_.push_back({name, "F32", shape, std::as_bytes(std::span(values))});
  }
  void add_tensors() {
    const int64_t head = config_["head_dim"], q = head * int64_t(config_["num_attention_heads"]),
                  kv = head * int64_t(config_["num_key_value_heads"]);
    const std::string type = config_["model_type"];
    add("model.embed_tokens.weight", {96, 32});
    if (!config_.value("tie_word_embeddings", type == "gemma3_text")) {
      add("lm_head.weight", {96, 32});
    }
    add("model.norm.weight", {32});
    for (int64_t i = 0; i < int64_t(config_["num_hidden_layers"]); ++i) {
      const std::string layer = "model.layers." + std::to_string(i) + ".";
      for (const auto& [name, rows] : {std::pair{"q", q}, {"k", kv}, {"v", kv}}) {
        add(layer + "self_attn." + name + "_proj.weight", {rows, 32});
        if (type == "qwen2") add(layer + "self_attn." + name + "_proj.bias", {rows});
      }
      add(layer + "self_attn.o_proj.weight", {32, q});
      add(layer + "mlp.gate_proj.weight", {48, 32});
      add(layer + "mlp.up_proj.weight", {48, 32});
      add(layer + "mlp.down_proj.weight", {32, 48});
      add(layer + "input_layernorm.weight", {32});
      add(layer + "post_attention_layernorm.weight", {32});
      if (type != "qwen3" && type != "gemma3_text") continue;
      add(layer + "self_attn.q_norm.weight", {head});
      add(layer + "self_attn.k_norm.weight", {head});
      if (type == "qwen3") continue;
      add(layer + "pre_feedforward_layernorm.weight", {32});
      add(layer + "post_feedforward_layernorm.weight", {32});
    }
  }

  json config_;
  std::list<std::vector<float>> kept_;
  std::vector<io::SafetensorsOutput> tensors_;
  TemporaryFolder folder_;
};

TEST_P(PublishedConfig, IsReadWithNothingLeft) {
  const auto files = arch::ModelFiles::open(folder_.path());
  const auto model = arch::load_model(files, {});
  const arch::ModelInfo& info = model->info();
  EXPECT_EQ(info.layers, int64_t(config_["num_hidden_layers"]));
  EXPECT_EQ(info.heads, int64_t(config_["num_attention_heads"]));
  EXPECT_EQ(info.kv_heads, int64_t(config_["num_key_value_heads"]));
  EXPECT_EQ(info.head_size, int64_t(config_["head_dim"]));
  EXPECT_EQ(info.context, int64_t(config_["max_position_embeddings"]));
  const std::vector<int32_t> row = {5, 9, 17};
  const Matrix<float> logits = run(*model, single(row));
  EXPECT_TRUE(all_finite({logits.row(0), size_t(logits.cols())}));
  static const std::map<std::string, std::string> kWindows = {
      {"qwen2", "0 0 0 0 0 0 0"},
      {"qwen3", "0 0 0 0 0 0 0"},
      {"gemma3_text", "512 512 512 512 512 0 512"}};
  const auto want = kWindows.find(config_["model_type"].get<std::string>());
  if (want == kWindows.end()) return;
  const auto windows = files.settings().find("windows");
  ASSERT_NE(windows, files.settings().end());
  EXPECT_EQ(windows->second.substr(0, want->second.size()), want->second);
}

INSTANTIATE_TEST_SUITE_P(All, PublishedConfig,
                         ::testing::Values("llama-2-7b-hf", "llama-3.1-8b-instruct",
                                           "llama-3.2-1b-instruct", "mistral-7b-v0.1",
                                           "mistral-7b-v0.3", "qwen2-0.5b-instruct", "qwen2.5-0.5b",
                                           "qwen3-0.6b", "gemma-3-1b-it", "gemma-3-270m",
                                           "smollm2-135m"),
                         [](const auto& test) {
  std::string name = test.param;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace relatum::testing
