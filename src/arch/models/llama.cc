// The Llama family: RMSNorm, rotary grouped-query attention, SwiGLU (Touvron et al. 2023; Mistral
// is the same network).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "arch/embedding.h"
#include "arch/family.h"
#include "arch/rope.h"
#include "base/error.h"
#include "io/json.h"
#include "nn/activation.h"
#include "nn/attention.h"
#include "nn/layers.h"
#include "nn/norm.h"
#include "nn/rows.h"

namespace relatum::arch {
namespace {

struct Layer {
  std::vector<float> attention_norm, ffn_norm;
  nn::Linear qkv, output, gate_up, down;
};

class Llama final : public Model {
 public:
  Llama(const ModelFiles& files, const LoadOptions& options);
  nn::Var forward(nn::Graph& graph, const nn::TokenBatch& batch,
                  const ForwardOptions& options) const override;
  std::vector<nn::Linear*> linears() override;
  nn::Linear* head() override { return &head_; }

 private:
  friend class Pass;
  void read_settings(const ModelFiles& files);
  void check_network(const ModelFiles& files) const;
  Layer load_layer(const ModelFiles& files, const LoadOptions& options, int64_t index);

  float epsilon_ = 0;
  RopeTable rope_;
  Weight embedding_;
  std::vector<float> final_norm_;
  std::vector<Layer> layers_;
  nn::Linear head_;
};

// One forward pass over the layers.
class Pass final : public nn::LayerStack {
 public:
  // Memory of its own lies in the arena: its destructor never runs.
  Pass(const Llama& model, const nn::TokenBatch& batch, const ForwardOptions& options,
       Arena& arena)
      : model_(model), batch_(batch), options_(options),
        rope_(model.rope_.until(batch.max_position())) {
    if (!options.dropout) return;
    dropout_ = {batch.keys(), options.dropout_salt};
    auto* keys = arena.allocate_array<uint64_t>(int64_t(options.rows.size()));
    for (size_t i = 0; i < options.rows.size(); ++i) {
      keys[i] = batch.keys()[size_t(options.rows[i])];
    }
    row_dropout_ = {{keys, options.rows.size()}, options.dropout_salt};
  }
  int64_t layers() const override { return int64_t(model_.layers_.size()); }
  int64_t rows_out(int64_t rows) const override {
    return options_.rows.empty() ? rows : int64_t(options_.rows.size());
  }
  nn::Var run(nn::Graph& graph, int64_t index, nn::Var x) const override {
    const Layer& layer = model_.layers_[size_t(index)];
    const ModelInfo& info = model_.info_;
    const nn::AttentionSettings settings{
        {info.heads, info.kv_heads, info.head_size, 1.0f / std::sqrt(float(info.head_size))},
        rope_, index, options_.cache};
    nn::Var h = nn::rmsnorm(graph, x, layer.attention_norm.data(), model_.epsilon_);
    h = nn::linear(graph, layer.qkv, h, dropout_);
    h = nn::attention(graph, h, batch_, settings);
    // Behind the last attention, rows that nobody asked for serve nothing.
    const bool choose = index + 1 == layers() && !options_.rows.empty();
    if (choose) {
      h = nn::take_rows(graph, h, options_.rows);
      x = nn::take_rows(graph, x, options_.rows);
    }
    const nn::DropoutKeys& dropout = choose ? row_dropout_ : dropout_;
    x = nn::linear_residual(graph, layer.output, h, x, dropout);
    h = nn::rmsnorm(graph, x, layer.ffn_norm.data(), model_.epsilon_);
    h = nn::swiglu(graph, nn::linear(graph, layer.gate_up, h, dropout));
    return nn::linear_residual(graph, layer.down, h, x, dropout);
  }

 private:
  const Llama& model_;
  const nn::TokenBatch& batch_;
  ForwardOptions options_;
  MatView<const float> rope_;
  nn::DropoutKeys dropout_, row_dropout_;
};

TensorName layer_tensor(int64_t index, std::string_view hugging_face, std::string_view gguf) {
  return {fmt::format("model.layers.{}.{}.weight", index, hugging_face),
          fmt::format("blk.{}.{}.weight", index, gguf)};
}

void Llama::read_settings(const ModelFiles& files) {
  info_.family = "llama";
  info_.path = files.path().string();
  info_.layers = files.get_int("num_hidden_layers", "block_count");
  info_.width = files.get_int("hidden_size", "embedding_length");
  info_.heads = files.get_int("num_attention_heads", "attention.head_count");
  info_.kv_heads = files.get_int("num_key_value_heads", "attention.head_count_kv", info_.heads);
  info_.ffn_width = files.get_int("intermediate_size", "feed_forward_length");
  info_.context = files.get_int("max_position_embeddings", "context_length", 2048);
  check_sizes(info_);
  info_.head_size = files.get_int("head_dim", "attention.key_length", info_.width / info_.heads);
  epsilon_ = float(files.get_double("rms_norm_eps", "attention.layer_norm_rms_epsilon", 1e-6));
  if (info_.head_size <= 0 || info_.head_size % 2 || info_.head_size > 1024 ||
      info_.heads % info_.kv_heads) {
    fail("arch.llama", fmt::format("{}: {} heads, {} key heads of size {} do not fit together. "
                                   "The file is damaged.", info_.path, info_.heads,
                                   info_.kv_heads, info_.head_size));
  }
  // Up to the window's length a sliding window (Mistral) changes nothing.
  const int64_t window = files.get_int("sliding_window", "attention.sliding_window", 0);
  if (window > 0) info_.context = std::min(info_.context, window);
  if (files.config()) check_network(files);
}

// Settings under which the same tensors' names mean another network.
void Llama::check_network(const ModelFiles& files) const {
  const std::string place = (files.path() / "config.json").string();
  const nlohmann::json& config = *files.config();
  const std::string activation = io::get_string(config, "hidden_act", "silu", place);
  if (activation != "silu") {
    fail("arch.llama", fmt::format("{}: activation '{}' is not Llama's silu.", place, activation));
  }
  for (const char* key : {"attention_bias", "mlp_bias"}) {
    if (io::get_bool(config, key, false, place)) {
      fail("arch.llama", fmt::format("{}: {} is set, but biases in a Llama are not read. Take a "
                                     "model without them.", place, key));
    }
  }
}

Layer Llama::load_layer(const ModelFiles& files, const LoadOptions& options, int64_t index) {
  const int64_t d = info_.width, q = info_.heads * info_.head_size,
                kv = info_.kv_heads * info_.head_size, f = info_.ffn_width;
  const auto part = [&](std::string_view name, std::string_view gguf, int64_t rows, int64_t cols,
                        int64_t rotary_heads = 0) {
    Weight weight = files.weight(layer_tensor(index, name, gguf), rows, cols);
    if (files.gguf() && rotary_heads) weight = unpermute_rows(weight, rotary_heads);
    info_.parameters += weight.size();
    return nn::Linear::Part{fmt::format("model.layers.{}.{}", index, name),
                            to_base(weight, options.base)};
  };
  Layer layer;
  layer.attention_norm = files.vector(layer_tensor(index, "input_layernorm", "attn_norm"), d);
  layer.ffn_norm = files.vector(layer_tensor(index, "post_attention_layernorm", "ffn_norm"), d);
  layer.qkv = nn::Linear({part("self_attn.q_proj", "attn_q", q, d, info_.heads),
                          part("self_attn.k_proj", "attn_k", kv, d, info_.kv_heads),
                          part("self_attn.v_proj", "attn_v", kv, d)});
  layer.output = nn::Linear({part("self_attn.o_proj", "attn_output", d, q)});
  layer.gate_up = nn::Linear({part("mlp.gate_proj", "ffn_gate", f, d),
                              part("mlp.up_proj", "ffn_up", f, d)});
  layer.down = nn::Linear({part("mlp.down_proj", "ffn_down", d, f)});
  return layer;
}

// Rows of the embedding tell the vocabulary's size, whatever the settings say.
int64_t vocabulary_of(const ModelFiles& files) {
  if (const io::GgufFile* gguf = files.gguf()) {
    const auto& shape = gguf->tensor("token_embd.weight").shape;
    return shape.size() == 2 ? shape[1] : 0;
  }
  return files.get_int("vocab_size", "vocab_size");
}

Llama::Llama(const ModelFiles& files, const LoadOptions& options) {
  read_settings(files);
  rope_ = RopeTable(files, info_.head_size);
  info_.vocabulary = vocabulary_of(files);
  embedding_ = files.weight({"model.embed_tokens.weight", "token_embd.weight"}, info_.vocabulary,
                            info_.width);
  final_norm_ = files.vector({"model.norm.weight", "output_norm.weight"}, info_.width);
  const TensorName output{"lm_head.weight", "output.weight"};
  Weight head = files.has(output) ? files.weight(output, info_.vocabulary, info_.width)
                                  : embedding_;
  info_.parameters = embedding_.size() + (files.has(output) ? head.size() : 0);
  head_ = nn::Linear({{"lm_head", std::move(head)}});
  head_.prepare(options.compute, options.resident);
  for (int64_t i = 0; i < info_.layers; ++i) layers_.push_back(load_layer(files, options, i));
  for (nn::Linear* linear : linears()) linear->prepare(options.compute, options.resident);
}

std::vector<nn::Linear*> Llama::linears() {
  std::vector<nn::Linear*> all;
  for (Layer& layer : layers_) {
    for (nn::Linear* linear : {&layer.qkv, &layer.output, &layer.gate_up, &layer.down}) {
      all.push_back(linear);
    }
  }
  return all;
}

nn::Var Llama::forward(nn::Graph& graph, const nn::TokenBatch& batch,
                       const ForwardOptions& options) const {
  nn::Var x = graph.create(DType::kF32, batch.size(), info_.width, false);
  embed_tokens(embedding_, batch.tokens(), graph.value(x).as<float>());
  const Pass& pass = graph.arena().make<Pass>(*this, batch, options, graph.arena());
  x = nn::run_layers(graph, pass, x, options.checkpoint);
  return nn::rmsnorm(graph, x, final_norm_.data(), epsilon_);
}

}  // namespace

const Family& family_llama() {
  static constexpr std::string_view kTypes[] = {"llama", "mistral"};
  static const Family family{"llama", kTypes, true,
                             [](const ModelFiles& files, const LoadOptions& options) {
                               return std::unique_ptr<Model>(
                                   std::make_unique<Llama>(files, options));
                             }};
  return family;
}

}  // namespace relatum::arch
