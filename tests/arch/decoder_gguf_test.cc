// The decoder's options as GGUF, with the names and keys of llama.cpp's converter: files as of
// Llama 2, Llama 3 and Mistral give the log-probabilities of Hugging Face's folder.
#include <gtest/gtest.h>

#include <cstring>
#include <list>
#include <map>
#include <numbers>

#include "support/decoder_options.h"
#include "support/gguf_writer.h"
#include "support/shows.h"

namespace relatum::testing {
namespace {

using nlohmann::json;

const std::map<std::string, std::string> kParts = {{"self_attn.q_proj", "attn_q"},
                                                   {"self_attn.k_proj", "attn_k"},
                                                   {"self_attn.v_proj", "attn_v"},
                                                   {"self_attn.qkv_proj", "attn_qkv"},
                                                   {"self_attn.o_proj", "attn_output"},
                                                   {"self_attn.q_norm", "attn_q_norm"},
                                                   {"self_attn.k_norm", "attn_k_norm"},
                                                   {"mlp.gate_proj", "ffn_gate"},
                                                   {"mlp.up_proj", "ffn_up"},
                                                   {"mlp.gate_up_proj", "ffn_up"},
                                                   {"mlp.down_proj", "ffn_down"},
                                                   {"input_layernorm", "attn_norm"},
                                                   {"post_attention_layernorm", "ffn_norm"}};
// Where Gemma's norms stand.
const std::map<std::string, std::string> kGemmaParts = {
    {"post_attention_layernorm", "post_attention_norm"},
    {"pre_feedforward_layernorm", "ffn_norm"},
    {"post_feedforward_layernorm", "post_ffw_norm"}};

// "model.layers.1.mlp.up_proj.weight" to "blk.1.ffn_up.weight".
std::string gguf_name(const std::string& name, bool gemma) {
  if (name == "model.embed_tokens.weight") return "token_embd.weight";
  if (name == "model.norm.weight") return "output_norm.weight";
  if (name == "lm_head.weight") return "output.weight";
  const size_t layer = std::string("model.layers.").size();
  const size_t begin = name.find('.', layer) + 1, kind = name.rfind('.');
  const std::string part = name.substr(begin, kind - begin);
  const auto own = kGemmaParts.find(part);
  return "blk." + name.substr(layer, begin - layer) +
         (gemma && own != kGemmaParts.end() ? own->second : kParts.at(part)) + name.substr(kind);
}

/// An option's settings and weights as a GGUF file.
class OptionGguf {
 public:
  OptionGguf(const json& config, const std::string& name)
      : config_(config), type_(arch_of(config.at("model_type"))) {
    writer_.set_string("general.architecture", type_);
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
    if (type_ == "phi3") {
      add_phi3();
    } else {
      add_scaling();
    }
    if (type_ == "gemma3") add_gemma3();
    add_weights();
  }
  std::filesystem::path write() {
    writer_.write(folder_ / "model.gguf");
    return folder_ / "model.gguf";
  }
  GgufWriter& writer() { return writer_; }

 private:
  static std::string arch_of(const std::string& type) {
    if (type == "mistral") return "llama";
    return type == "gemma3_text" ? "gemma3" : type;
  }
  std::string key(const std::string& end) const { return type_ + "." + end; }

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
      writer_.set_u32(type_ + "." + key, config_.at(setting));
    }
    writer_.set_f32(key("attention.layer_norm_rms_epsilon"), config_.at("rms_norm_eps"));
    if (config_.contains("rope_theta")) {
      writer_.set_f32(key("rope.freq_base"), config_.at("rope_theta"));
    }
  }

  // What newer files tell is written only where it is not what all files mean without it.
  void add_gemma3() {
    writer_.set_u32("gemma3.attention.sliding_window", config_.at("sliding_window"));
    if (config_.at("layer_types").back() == "full_attention") {
      writer_.set_u32("gemma3.attention.sliding_window_pattern", 2);
    }
    if (config_.contains("rope_local_base_freq")) {
      writer_.set_f32("gemma3.rope.freq_base_swa", config_.at("rope_local_base_freq"));
    }
  }

  // Without a name for the scaling.
  void add_phi3() {
    writer_.set_u32("phi3.rope.scaling.original_context_length",
                    config_.at("original_max_position_embeddings"));
    const json& window = config_.at("sliding_window");
    writer_.set_u32("phi3.attention.sliding_window", window.is_null() ? 0 : int(window));
    if (!config_.at("rope_scaling").is_null()) add_divisors(config_.at("rope_scaling"));
  }

  void add_divisors(const json& scaling) {
    add_vector("rope_factors_short.weight", scaling.at("short_factor"));
    add_vector("rope_factors_long.weight", scaling.at("long_factor"));
    const double context = scaling.at("original_max_position_embeddings");
    const double factor = scaling.at("factor");
    writer_.set_f32(key("rope.scaling.attn_factor"),
                    float(std::sqrt(1 + std::log(factor) / std::log(context))));
  }

  void add_scaling() {
    const json& scaling = config_.at("rope_scaling");
    if (scaling.is_null()) return;
    const std::string type = scaling.at("rope_type");
    if (type == "llama3") return add_vector("rope_freqs.weight", llama3_divisors(scaling));
    writer_.set_string(key("rope.scaling.type"), type);
    if (type == "longrope") {
      add_divisors(scaling);
    } else {
      writer_.set_f32(key("rope.scaling.factor"), scaling.at("factor"));
    }
    if (scaling.contains("original_max_position_embeddings")) {
      writer_.set_u32(key("rope.scaling.original_context_length"),
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
    const bool gemma = type_ == "gemma3";
    for (const auto& [name, tensor] : tensors_of_option(config_, file_)) {
      std::span<const std::byte> bytes = tensor->bytes;
      if (type_ == "llama" && name.find("q_proj") != std::string::npos) {
        bytes = in_pairs(*tensor, config_.at("num_attention_heads"));
      } else if (type_ == "llama" && name.find("k_proj") != std::string::npos) {
        bytes = in_pairs(*tensor, config_.at("num_key_value_heads"));
      } else if (gemma && name.find("norm") != std::string::npos) {
        bytes = plus_one(bytes);
      }
      // Row length first.
      writer_.add_tensor(gguf_name(name, gemma), 0, {tensor->shape.rbegin(), tensor->shape.rend()},
                         bytes);
    }
  }

  // As llama.cpp's converter stores the weights of Gemma's norms.
  std::span<const std::byte> plus_one(std::span<const std::byte> bytes) {
    auto& kept = kept_.emplace_back(bytes.size() / sizeof(float));
    std::memcpy(kept.data(), bytes.data(), bytes.size());
    for (float& value : kept) value += 1;
    return std::as_bytes(std::span(kept));
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
  std::string type_;
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
                      Published{"rope_longrope", "G"}, Published{"qwen2", "Qwen2.5 0.5B Instruct"},
                      Published{"qwen3", "Qwen3 0.6B"}, Published{"qwen3_bias", "H"},
                      Published{"phi3", "Phi-3 Mini 4k Instruct"}, Published{"phi3_window", "I"},
                      Published{"gemma3", "Gemma 3 270m"}, Published{"gemma3_window", "J"},
                      Published{"gemma3_local", "K"}, Published{"gemma3_untied", "L"},
                      Published{"phi3_longrope", "Phi 3 Mini 128k Instruct"}),
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

class Gemma3Gguf : public ::testing::Test {
 protected:
  // Relative: the converter rounds the norms' weights when it adds one.
  void expect_the_folders(std::filesystem::path gguf) const {
    const auto model = OptionFolder(config_).load();
    const nn::TokenBatch row = single(read_ints(file_, "input_ids"));
    EXPECT_LT(distance(run(*load(gguf), row), run(*model, row)), parity_bound(*model));
  }
  json config_ = decoder_options().at("gemma3");
  io::Safetensors file_ = io::Safetensors::open(fixture("decoder/weights.safetensors"));
};

// What the files that there are leave to the architecture: five layers of six slide, and turn with
// a base of 10,000.
TEST_F(Gemma3Gguf, WithoutKeysForKindsOfLayers) {
  shows("Gemma 3", {"GGUF"});
  config_["layer_types"] = {"sliding_attention", "sliding_attention"};
  config_.erase("rope_local_base_freq");
  expect_the_folders(OptionGguf(config_, "Gemma 3 1b It").write());
}

// llama.cpp's default, not transformers' for this family.
TEST_F(Gemma3Gguf, WithoutABaseItIsTenThousand) {
  config_["rope_theta"] = 10000.0;
  json silent = config_;
  silent.erase("rope_theta");
  expect_the_folders(OptionGguf(silent, "Gemma 3 1b").write());
}

TEST_F(Gemma3Gguf, WithoutAWindowNoLayerSlides) {
  config_["layer_types"] = {"full_attention", "full_attention"};
  OptionGguf gguf(config_, "Gemma 3");
  gguf.writer().set_u32("gemma3.attention.sliding_window", 0);
  expect_the_folders(gguf.write());
}

}  // namespace
}  // namespace relatum::testing
