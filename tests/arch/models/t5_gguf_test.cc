// T5 as llama.cpp's converter writes it: the folder's logits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_of.h"
#include "support/gguf_writer.h"
#include "support/shows.h"
#include "support/t5.h"

namespace relatum::testing {
namespace {

using nlohmann::json;

// "decoder.block.1.layer.2.DenseReluDense.wo.weight" to "dec.blk.1.ffn_down.weight".
std::string gguf_name(const std::string& name) {
  static const std::map<std::string, std::string> outer = {
      {"shared.weight", "token_embd.weight"},
      {"lm_head.weight", "output.weight"},
      {"encoder.final_layer_norm.weight", "enc.output_norm.weight"},
      {"decoder.final_layer_norm.weight", "dec.output_norm.weight"}};
  static const std::vector<std::pair<std::string, std::string>> inner = {
      {"SelfAttention.relative_attention_bias", "attn_rel_b"},
      {"SelfAttention.q", "attn_q"},
      {"SelfAttention.k", "attn_k"},
      {"SelfAttention.v", "attn_v"},
      {"SelfAttention.o", "attn_o"},
      {"EncDecAttention.q", "cross_attn_q"},
      {"EncDecAttention.k", "cross_attn_k"},
      {"EncDecAttention.v", "cross_attn_v"},
      {"EncDecAttention.o", "cross_attn_o"},
      {"DenseReluDense.wi_0", "ffn_gate"},
      {"DenseReluDense.wi_1", "ffn_up"},
      {"DenseReluDense.wi", "ffn_up"},
      {"DenseReluDense.wo", "ffn_down"}};
  if (outer.contains(name)) return outer.at(name);
  const bool decoder = name.starts_with("decoder.");
  const std::string rest = name.substr(std::string("decoder.block.").size());
  const std::string index = rest.substr(0, rest.find('.'));
  const std::string prefix = (decoder ? "dec.blk." : "enc.blk.") + index + ".";
  for (const auto& [from, to] : inner) {
    if (name.find(from + ".") != std::string::npos) return prefix + to + ".weight";
  }
  const char sublayer = name[name.find("layer.") + 6];
  const bool cross = decoder && sublayer == '1';
  return prefix +
         (sublayer == '0' ? "attn_norm"
          : cross         ? "cross_attn_norm"
                          : "ffn_norm") +
         ".weight";
}

GgufWriter converted(const json& config, const io::Safetensors& file) {
  const auto number = [&](const char* key) { return config.at(key).get<uint32_t>(); };
  GgufWriter writer;
  writer.set_string("general.architecture", "t5");
  writer.set_u32("t5.context_length", 512);
  writer.set_u32("t5.embedding_length", number("d_model"));
  writer.set_u32("t5.feed_forward_length", number("d_ff"));
  writer.set_u32("t5.block_count", number("num_layers"));
  writer.set_u32("t5.decoder_block_count", number("num_decoder_layers"));
  writer.set_u32("t5.attention.head_count", number("num_heads"));
  writer.set_u32("t5.attention.key_length", number("d_kv"));
  writer.set_u32("t5.attention.value_length", number("d_kv"));
  writer.set_f32("t5.attention.layer_norm_epsilon", config.at("layer_norm_epsilon"));
  writer.set_u32("t5.attention.relative_buckets_count", number("relative_attention_num_buckets"));
  writer.set_f32("t5.attention.layer_norm_rms_epsilon", config.at("layer_norm_epsilon"));
  writer.set_u32("t5.decoder_start_token_id", number("decoder_start_token_id"));
  for (const auto& tensor : file.tensors()) {
    const std::vector<int64_t> shape(tensor.shape.rbegin(), tensor.shape.rend());
    writer.add_tensor(gguf_name(tensor.name), 0, shape, tensor.bytes);
  }
  return writer;
}

class T5Gguf : public ::testing::TestWithParam<std::string> {
 protected:
  // llama.cpp knows distances up to 128 alone.
  T5Gguf() { config_["relative_attention_max_distance"] = 128; }
  json config_ = t5_options().at(GetParam());
};

TEST_P(T5Gguf, LogitsAreThoseOfTheFolder) {
  shows(row_of_t5(GetParam()), {"GGUF"});
  const T5Folder folder(config_);
  const auto file = io::Safetensors::open(folder.path() / "model.safetensors");
  const auto path = folder.path() / "t5.gguf";
  converted(config_, file).write(path);
  const T5Row row = t5_rows()[0];
  nn::TokenBatch batch;
  const int root = batch.root();
  batch.read_source(root, batch.add_source(row.source));
  batch.append(root, row.fed());
  batch.finish();
  const auto model = load(path);
  EXPECT_EQ(model->info().encoder_layers, config_.at("num_layers").get<int64_t>());
  EXPECT_EQ(model->info().layers, config_.at("num_decoder_layers").get<int64_t>());
  EXPECT_TRUE(bit_equal(run(*model, batch), run(*folder.load(), batch)));
}

INSTANTIATE_TEST_SUITE_P(Fixtures, T5Gguf,
                         ::testing::Values("first", "gated_gelu", "untied", "deeper_decoder"),
                         [](const auto& test) { return test.param; });

TEST(T5GgufRefusal, UnknownSettingIsNamed) {
  const json config = t5_options().at("first");
  const T5Folder folder(config);
  const auto file = io::Safetensors::open(folder.path() / "model.safetensors");
  GgufWriter writer = converted(config, file);
  writer.set_f32("t5.attention.scale", 0.5f);
  writer.write(folder.path() / "t5.gguf");
  EXPECT_THAT(error_of([&] { load(folder.path() / "t5.gguf"); }),
              ::testing::HasSubstr("attention.scale"));
}

}  // namespace
}  // namespace relatum::testing
