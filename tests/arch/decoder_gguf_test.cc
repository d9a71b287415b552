// The decoder's options as GGUF, with the names and keys of llama.cpp's converter: files as of
// Llama 2, Llama 3 and Mistral give the log-probabilities of Hugging Face's folder.
#include <gtest/gtest.h>

#include <list>
#include <map>
#include <numbers>

#include "support/decoder_options.h"
#include "support/gguf_writer.h"
#include "support/shows.h"

namespace relatum::testing {
namespace {

using nlohmann::json;

const std::map<std::string, std::string> kParts = {
    {"self_attn.q_proj", "attn_q"},          {"self_attn.k_proj", "attn_k"},
    {"self_attn.v_proj", "attn_v"},          {"self_attn.o_proj", "attn_output"},
    {"mlp.gate_proj", "ffn_gate"},           {"mlp.up_proj", "ffn_up"},
    {"mlp.down_proj", "ffn_down"},           {"input_layernorm", "attn_norm"},
    {"post_attention_layernorm", "ffn_norm"}};

// "model.layers.1.mlp.up_proj.weight" to "blk.1.ffn_up.weight".
std::string gguf_name(const std::string& name) {
  if (name == "model.embed_tokens.weight") return "token_embd.weight";
  if (name == "model.norm.weight") return "output_norm.weight";
  if (name == "lm_head.weight") return "output.weight";
  const size_t layer = std::string("model.layers.").size();
  const size_t part = name.find('.', layer) + 1, kind = name.rfind('.');
  return "blk." + name.substr(layer, part - layer) + kParts.at(name.substr(part, kind - part)) +
         name.substr(kind);
}

/// An option's settings and weights as a GGUF file.
class OptionGguf {
 public:
  OptionGguf(const json& config, const std::string& name) : config_(config) {
    writer_.set_string("general.architecture", "llama");
    // Notes, which change nothing.
    writer_.set_string("general.type", "model");
    writer_.set_string("general.name", name);
    writer_.set_string("general.basename", name.substr(0, 5));
    writer_.set_string("general.size_label", "7B");
    writer_.set_string("general.finetune", "Instruct");
    writer_.set_string("general.license", "apache-2.0");
    writer_.set_u32("general.file_type", 0);
    writer_.set_u32("general.quantization_version", 2);
    // Vocabularies have tests of their own.
    writer_.set_string("tokenizer.ggml.model", "no_vocab");
    add_sizes();
    add_scaling();
    add_weights();
  }
  std::filesystem::path write() {
    writer_.write(folder_ / "model.gguf");
    return folder_ / "model.gguf";
  }
  GgufWriter& writer() { return writer_; }

 private:
  void add_sizes() {
    const std::pair<const char*, const char*> sizes[] = {
        {"vocab_size", "vocab_size"},
        {"context_length", "max_position_embeddings"},
        {"embedding_length", "hidden_size"},
        {"block_count", "num_hidden_layers"},
        {"feed_forward_length", "intermediate_size"},
        {"attention.head_count", "num_attention_heads"},
        {"attention.head_count_kv", "num_key_value_heads"},
        {"attention.key_length", "head_dim"},
        {"attention.value_length", "head_dim"},
        {"rope.dimension_count", "head_dim"}};
    for (const auto& [key, setting] : sizes) {
      writer_.set_u32(std::string("llama.") + key, config_.at(setting));
    }
    writer_.set_f32("llama.attention.layer_norm_rms_epsilon", config_.at("rms_norm_eps"));
    writer_.set_f32("llama.rope.freq_base", config_.at("rope_theta"));
  }

  void add_scaling() {
    const json& scaling = config_.at("rope_scaling");
    if (scaling.is_null()) return;
    const std::string type = scaling.at("rope_type");
    if (type == "llama3") return add_vector("rope_freqs.weight", llama3_divisors(scaling));
    writer_.set_string("llama.rope.scaling.type", type);
    if (type == "longrope") {
      add_vector("rope_factors_short.weight", scaling.at("short_factor"));
      add_vector("rope_factors_long.weight", scaling.at("long_factor"));
      const double context = scaling.at("original_max_position_embeddings");
      const double factor = scaling.at("factor");
      writer_.set_f32("llama.rope.scaling.attn_factor",
                      float(std::sqrt(1 + std::log(factor) / std::log(context))));
    } else {
      writer_.set_f32("llama.rope.scaling.factor", scaling.at("factor"));
    }
    if (scaling.contains("original_max_position_embeddings")) {
      writer_.set_u32("llama.rope.scaling.original_context_length",
                      scaling.at("original_max_position_embeddings"));
    }
  }

  // What each frequency is divided by: the converter works the scaling out.
  std::vector<float> llama3_divisors(const json& scaling) const {
    const double factor = scaling.at("factor"), low = scaling.at("low_freq_factor");
    const double high = scaling.at("high_freq_factor"), theta = config_.at("rope_theta");
    const double context = scaling.at("original_max_position_embeddings");
    const int64_t size = config_.at("head_dim");
    std::vector<float> divisors;
    for (int64_t i = 0; i < size; i += 2) {
      const double wave = 2 * std::numbers::pi * std::pow(theta, double(i) / double(size));
      const double smooth = std::clamp((context / wave - low) / (high - low), 0.0, 1.0);
      divisors.push_back(float(1 / ((1 - smooth) / factor + smooth)));
    }
    return divisors;
  }

  void add_vector(const std::string& name, std::vector<float> values) {
    const auto& kept = kept_.emplace_back(std::move(values));
    writer_.add_tensor(name, 0, {int64_t(kept.size())}, std::as_bytes(std::span(kept)));
  }

  void add_weights() {
    for (const auto& tensor : file_.tensors()) {
      if (!wanted_by_option(config_, tensor.name)) continue;
      std::span<const std::byte> bytes = tensor.bytes;
      if (tensor.name.find("q_proj") != std::string::npos) {
        bytes = in_pairs(tensor, config_.at("num_attention_heads"));
      } else if (tensor.name.find("k_proj") != std::string::npos) {
        bytes = in_pairs(tensor, config_.at("num_key_value_heads"));
      }
      // Row length first.
      writer_.add_tensor(gguf_name(tensor.name), 0, {tensor.shape.rbegin(), tensor.shape.rend()},
                         bytes);
    }
  }

  // Rotary rows side by side, as GGUF's Llamas have them, instead of half a head apart.
  std::span<const std::byte> in_pairs(const io::SafetensorsTensor& tensor, int64_t heads) {
    const int64_t rows = tensor.shape[0], half = rows / heads / 2;
    const size_t width = tensor.bytes.size() / size_t(rows);
    auto& kept = kept_.emplace_back(tensor.bytes.size() / sizeof(float));
    const auto out = std::as_writable_bytes(std::span(kept));
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t head = row / (2 * half), place = row % (2 * half);
      const int64_t to = head * 2 * half + 2 * (place % half) + place / half;
      std::ranges::copy(tensor.bytes.subspan(size_t(row) * width, width),
                        out.begin() + std::ptrdiff_t(size_t(to) * width));
    }
    return out;
  }

  json config_;
  io::Safetensors file_ = io::Safetensors::open(fixture("decoder/weights.safetensors"));
  GgufWriter writer_;
  std::list<std::vector<float>> kept_;
  TemporaryFolder folder_;
};

/// An option, and what a file calls itself.
struct Published {
  const char *option, *name;
};

class DecoderGguf : public ::testing::TestWithParam<Published> {
 protected:
  std::string option_ = GetParam().option;
  io::Safetensors file_ = io::Safetensors::open(fixture("decoder/weights.safetensors"));
};

TEST_P(DecoderGguf, IsTheFoldersModel) {
  shows(row_of_option(option_), {"logits", "GGUF"});
  const auto model = load(OptionGguf(decoder_options().at(option_), GetParam().name).write());
  const Matrix<float> got = run(*model, single(read_ints(file_, "input_ids")));
  const Matrix<float> want = read_matrix(file_, "expected." + option_);
  EXPECT_LT(largest_difference(log_probabilities(got), want.view()), kOptionBound);
}

// The options that a GGUF has keys for.
INSTANTIATE_TEST_SUITE_P(
    Fixtures, DecoderGguf,
    ::testing::Values(Published{"untied_head", "LLaMA v2"},
                      Published{"rope_llama3", "Meta Llama 3.1 8B Instruct"},
                      Published{"window_unsaid", "mistralai_mistral-7b-instruct-v0.2"},
                      Published{"attention_bias", "A"}, Published{"mlp_bias", "B"},
                      Published{"rope_theta", "C"}, Published{"norm_eps", "D"},
                      Published{"rope_linear", "E"}, Published{"rope_yarn", "F"},
                      Published{"rope_longrope", "G"}),
    [](const auto& test) { return test.param.option; });

// llama.cpp has no window for this architecture and passes the key over, so the context ends with
// the window, up to which it changes nothing.
TEST(MistralGguf, ContextEndsWithTheWindow) {
  shows("Mistral", {"GGUF"});
  const json& config = decoder_options().at("window");
  OptionGguf gguf(config, "mistralai_mistral-7b-v0.1");
  gguf.writer().set_u32("llama.attention.sliding_window", config.at("sliding_window"));
  const auto model = load(gguf.write());
  const int64_t window = config.at("sliding_window");
  EXPECT_EQ(model->info().context, window);
  const auto file = io::Safetensors::open(fixture("decoder/weights.safetensors"));
  std::vector<int32_t> tokens = read_ints(file, "input_ids");
  tokens.resize(size_t(window));
  const nn::TokenBatch row = single(tokens);
  EXPECT_TRUE(bit_equal(run(*model, row), run(*OptionFolder(config).load(), row)));
}

}  // namespace
}  // namespace relatum::testing
