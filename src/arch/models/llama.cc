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
#include "base/printable.h"
#include "io/json.h"
#include "nn/activation.h"
#include "nn/attention.h"
#include "nn/layers.h"
#include "nn/norm.h"
#include "nn/take_rows.h"

namespace relatum::arch {
namespace {

// One projection's name in both worlds and its shape.
struct Projection {
  std::string_view name, gguf;
  int64_t rows = 0, cols = 0;
  int64_t rotary_heads = 0;  ///< llama.cpp stores the rows of so many heads in another order
};

struct Layer {
  std::vector<float> attention_norm, ffn_norm;
  nn::Linear qkv, output, gate_up, down;
};

class Llama final : public Model {
 public:
  Llama(const ModelFiles& files, const LoadOptions& options);
  nn::Var forward(nn::Graph& graph, const nn::TokenBatch& batch,
                  const ForwardOptions& options) const override;
  std::vector<const nn::Linear*> linears() const override;
  const nn::Linear* head() const override { return &head_; }
  std::vector<nn::Linear*> mutable_linears() override;

 private:
  friend class Pass;
  void read_settings(const ModelFiles& files);
  void check_network(const ModelFiles& files) const;
  nn::Linear load_linear(const ModelFiles& files, const LoadOptions& options, int64_t index,
                         std::span<const Projection> projections, const char* flag);
  Layer load_layer(const ModelFiles& files, const LoadOptions& options, int64_t index);

  float epsilon_ = 0;
  Rope rope_;
  Weight embedding_;
  std::vector<float> final_norm_;
  std::vector<Layer> layers_;
  nn::Linear head_;
};

// One forward pass over the layers.
class Pass final : public nn::LayerStack {
 public:
  // Memory of its own lies in the arena: its destructor never runs.
  Pass(const Llama& model, const nn::TokenBatch& batch, const ForwardOptions& options, Arena& arena)
      : model_(model), batch_(batch),
        options_(options), use_{options.adapter, {}, options.dropout_salt}, row_use_(use_) {
    const int64_t size = model.info_.head_size;
    const MatView<float> angles(arena.allocate_array<float>(batch.size() * size), batch.size(),
                                size);
    model.rope_.angles(batch.positions(), angles);
    rope_ = angles;
    if (!options.dropout) return;
    use_.keys = batch.keys();
    auto* keys = arena.allocate_array<uint64_t>(int64_t(options.rows.size()));
    for (size_t i = 0; i < options.rows.size(); ++i) {
      keys[i] = batch.keys()[size_t(options.rows[i])];
    }
    row_use_.keys = {keys, options.rows.size()};
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
        rope_,
        index,
        options_.cache};
    nn::Var h = nn::rmsnorm(graph, x, layer.attention_norm.data(), model_.epsilon_);
    h = nn::linear(graph, layer.qkv, h, use_);
    h = nn::attention(graph, h, batch_, settings);
    // Behind the last attention, rows that nobody asked for serve nothing.
    const bool choose = index + 1 == layers() && !options_.rows.empty();
    if (choose) {
      h = nn::take_rows(graph, h, options_.rows);
      x = nn::take_rows(graph, x, options_.rows);
    }
    const nn::AdapterUse& use = choose ? row_use_ : use_;
    x = nn::linear_residual(graph, layer.output, h, x, use);
    h = nn::rmsnorm(graph, x, layer.ffn_norm.data(), model_.epsilon_);
    h = nn::swiglu(graph, nn::linear(graph, layer.gate_up, h, use));
    x = nn::linear_residual(graph, layer.down, h, x, use);
    if (options_.probe) (*options_.probe)(index, graph.value(x));
    return x;
  }

 private:
  const Llama& model_;
  const nn::TokenBatch& batch_;
  ForwardOptions options_;
  MatView<const float> rope_;  // in the arena
  nn::AdapterUse use_, row_use_;
};

TensorName layer_tensor(int64_t index, std::string_view hugging_face, std::string_view gguf,
                        std::string_view kind = "weight") {
  return {fmt::format("model.layers.{}.{}.{}", index, hugging_face, kind),
          fmt::format("blk.{}.{}.{}", index, gguf, kind)};
}

void Llama::read_settings(const ModelFiles& files) {
  // Mistral's configuration has other values where it says nothing (transformers).
  const bool mistral = files.config() && files.architecture() == "mistral";
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
  const std::optional<double> epsilon = files.config()
                                            ? std::optional(1e-6)
                                            : std::nullopt;  // llama.cpp asks for it, too
  epsilon_ = float(files.get_double("rms_norm_eps", "attention.layer_norm_rms_epsilon", epsilon));
  if (info_.head_size <= 0 || info_.head_size % 2 || info_.head_size > 1024 ||
      info_.heads % info_.kv_heads) {
    fail("arch.llama", fmt::format("{}: {} heads, {} key heads of size {} do not fit together.",
                                   info_.path, info_.heads, info_.kv_heads, info_.head_size));
  }
  // Up to the window's length a sliding window (Mistral) changes nothing.
  const int64_t unsaid = mistral && !files.mentions("sliding_window") ? 4096 : 0;
  const int64_t window = files.get_int("sliding_window", "attention.sliding_window", unsaid);
  if (window > 0) info_.context = std::min(info_.context, window);
  check_network(files);
}

// Settings that have one value in this network.
void Llama::check_network(const ModelFiles& files) const {
  const auto refuse = [&](std::string_view what) {
    fail("arch.llama", fmt::format("{}: {}, which is not supported. Use a model without it.",
                                   files.settings_place(), what));
  };
  const std::string activation = files.get_string("hidden_act", "", "silu");
  if (activation != "silu" && activation != "swish") {
    refuse(fmt::format("hidden_act is '{}', not Llama's silu", activation));
  }
  const double natural = 1.0 / std::sqrt(double(info_.head_size));
  const double scale = files.get_double("attention_multiplier", "attention.scale", 0.0);
  if (scale != 0 && std::abs(scale - natural) > 1e-6 * natural) {
    refuse(fmt::format("attention scores are scaled by {} ({}), not by {:.6g}", scale,
                       files.config() ? "attention_multiplier" : "attention.scale", natural));
  }
  for (const char* key : {"attention.value_length", "rope.dimension_count"}) {
    const int64_t size = files.get_int("", key, info_.head_size);
    if (size == info_.head_size) continue;
    refuse(fmt::format("{} is {}, but a head has {} values", key, size, info_.head_size));
  }
  const nlohmann::json* types = files.setting("layer_types");
  if (!types) return;
  for (const nlohmann::json& type : *types) {
    if (type == "full_attention" || type == "sliding_attention") continue;
    refuse(fmt::format("layer_types holds {}", printable_start(io::dump_json(type), 60)));
  }
}

// One product of a layer, with the biases that the files have: a GGUF file by their presence, a
// folder where `flag` of config.json says so.
nn::Linear Llama::load_linear(const ModelFiles& files, const LoadOptions& options, int64_t index,
                              std::span<const Projection> projections, const char* flag) {
  std::vector<nn::Linear::Part> parts;
  std::vector<float> biases;
  bool any = false;
  for (const Projection& p : projections) {
    const bool reordered = files.gguf() && p.rotary_heads;
    Weight weight = files.weight(layer_tensor(index, p.name, p.gguf), p.rows, p.cols);
    if (reordered) weight = unpermute_rows(weight, p.rotary_heads);
    info_.parameters += weight.size();
    parts.push_back(
        {fmt::format("model.layers.{}.{}", index, p.name), to_base(weight, options.base)});
    const TensorName name = layer_tensor(index, p.name, p.gguf, "bias");
    std::vector<float> bias(size_t(p.rows), 0.0f);
    if (files.gguf() ? files.has(name) : files.get_bool(flag, false)) {
      if (!files.has(name)) {
        fail("arch.llama", fmt::format("{}: {} is set, but the weights have no tensor '{}'. "
                                       "Correct the setting, or fetch the weights again.",
                                       files.settings_place(), flag, name.hugging_face));
      }
      bias = files.vector(name, p.rows);
      if (reordered) bias = unpermute_rows(bias, p.rotary_heads);
      info_.parameters += p.rows;
      any = true;
    }
    biases.insert(biases.end(), bias.begin(), bias.end());
  }
  if (!any) biases.clear();
  return nn::Linear(std::move(parts), std::move(biases));
}

Layer Llama::load_layer(const ModelFiles& files, const LoadOptions& options, int64_t index) {
  const int64_t d = info_.width, q = info_.heads * info_.head_size,
                kv = info_.kv_heads * info_.head_size, f = info_.ffn_width;
  const Projection qkv[] = {{"self_attn.q_proj", "attn_q", q, d, info_.heads},
                            {"self_attn.k_proj", "attn_k", kv, d, info_.kv_heads},
                            {"self_attn.v_proj", "attn_v", kv, d}};
  const Projection output[] = {{"self_attn.o_proj", "attn_output", d, q}};
  const Projection gate_up[] = {{"mlp.gate_proj", "ffn_gate", f, d},
                                {"mlp.up_proj", "ffn_up", f, d}};
  const Projection down[] = {{"mlp.down_proj", "ffn_down", d, f}};
  Layer layer;
  layer.attention_norm = files.vector(layer_tensor(index, "input_layernorm", "attn_norm"), d);
  layer.ffn_norm = files.vector(layer_tensor(index, "post_attention_layernorm", "ffn_norm"), d);
  layer.qkv = load_linear(files, options, index, qkv, "attention_bias");
  layer.output = load_linear(files, options, index, output, "attention_bias");
  layer.gate_up = load_linear(files, options, index, gate_up, "mlp_bias");
  layer.down = load_linear(files, options, index, down, "mlp_bias");
  return layer;
}

// The head has weights of its own, or the embedding's. Where a file has both though its settings
// tie them, they must be equal.
Weight head_weight(const ModelFiles& files, const Weight& embedding) {
  const TensorName output{"lm_head.weight", "output.weight"};
  const nlohmann::json* tied = files.setting("tie_word_embeddings");
  if (tied && !tied->is_boolean()) {
    fail("arch.llama",
         fmt::format("{}: tie_word_embeddings must be true or false.", files.settings_place()));
  }
  if (!files.has(output)) {
    if (tied && *tied == false) {
      fail("arch.llama", fmt::format("{}: tie_word_embeddings is false, but the weights have no "
                                     "tensor '{}'. Fetch them again, or set it to true if the head "
                                     "shares the embedding.",
                                     files.settings_place(), output.hugging_face));
    }
    return embedding;
  }
  const Weight head = files.weight(output, embedding.rows, embedding.cols);
  if (tied && *tied == true &&
      (head.format != embedding.format || !std::ranges::equal(head.data, embedding.data))) {
    fail("arch.llama", fmt::format("{}: tie_word_embeddings is true, but '{}' differs from the "
                                   "embedding. Set it to false if the head has weights of its own.",
                                   files.settings_place(), output.hugging_face));
  }
  return head;
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
  rope_ = Rope(files, info_.head_size);
  info_.vocabulary = vocabulary_of(files);
  embedding_ = files.weight({"model.embed_tokens.weight", "token_embd.weight"}, info_.vocabulary,
                            info_.width);
  final_norm_ = files.vector({"model.norm.weight", "output_norm.weight"}, info_.width);
  Weight head = head_weight(files, embedding_);
  info_.parameters = embedding_.size() +
                     (head.data.data() == embedding_.data.data() ? 0 : head.size());
  head_ = nn::Linear({{"lm_head", std::move(head)}});
  for (int64_t i = 0; i < info_.layers; ++i) layers_.push_back(load_layer(files, options, i));
}

std::vector<const nn::Linear*> Llama::linears() const {
  return linears_of<const nn::Linear>(layers_, &Layer::qkv, &Layer::output, &Layer::gate_up,
                                      &Layer::down);
}

std::vector<nn::Linear*> Llama::mutable_linears() {
  auto all = linears_of<nn::Linear>(layers_, &Layer::qkv, &Layer::output, &Layer::gate_up,
                                    &Layer::down);
  all.push_back(&head_);
  return all;
}

nn::Var Llama::forward(nn::Graph& graph, const nn::TokenBatch& batch,
                       const ForwardOptions& options) const {
  nn::Var x = graph.create(DType::kF32, batch.size(), info_.width, false);
  embed_tokens(embedding_, batch.tokens(), graph.value(x).as<float>());
  if (options.probe) (*options.probe)(-1, graph.value(x));
  const Pass& pass = graph.arena().make<Pass>(*this, batch, options, graph.arena());
  x = nn::run_layers(graph, pass, x, options.checkpoint);
  x = nn::rmsnorm(graph, x, final_norm_.data(), epsilon_);
  if (options.probe) (*options.probe)(info_.layers, graph.value(x));
  return x;
}

}  // namespace

const Family& family_llama() {
  static constexpr std::string_view kTypes[] = {"llama", "mistral"};
  // Buffers of rotary frequencies, which follow from the settings; a head that guesses tokens
  // further ahead (mtp) and has no part in the next one.
  static constexpr std::string_view kTensors[] = {"*rotary_emb.inv_freq", "*.attn_rot_embd.weight",
                                                  "rope_freqs", "mtp.*"};
  // The first is the embedding's own shape. Then what belongs to the scaling types that are
  // refused, or to windows, which the context ends before; the order that Llama's rows have in
  // GGUF anyway; and how the products are split in training.
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
  static const Family family{"llama", kTypes, true, {kTensors, kKeys, kNeutral}, load_as<Llama>};
  return family;
}

}  // namespace relatum::arch
