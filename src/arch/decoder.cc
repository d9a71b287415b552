// One network for all families: its layers, and how they are loaded.
#include "arch/decoder.h"

#include <fmt/format.h>

#include <algorithm>

#include "arch/embedding.h"
#include "arch/head_weight.h"
#include "base/error.h"
#include "nn/activation.h"
#include "nn/attention.h"
#include "nn/head_norm.h"
#include "nn/layers.h"
#include "nn/norm.h"
#include "nn/several_adapters.h"
#include "nn/take_rows.h"
#include "tensor/values.h"

namespace relatum::arch {

// One projection's name in both worlds and its shape.
struct Decoder::Projection {
  std::string_view name, gguf;
  int64_t rows = 0, cols = 0;
  int64_t rotary_heads = 0;  // llama.cpp stores the rows of so many heads in another order
};

// One forward pass over the layers.
class DecoderPass final : public nn::LayerStack {
 public:
  // Memory of its own lies in the arena: its destructor never runs.
  DecoderPass(const Decoder& model, const nn::TokenBatch& batch, const ForwardOptions& options,
              Arena& arena)
      : model_(model), batch_(batch), options_(options),
        use_(nn::adapter_use(options.adapter, batch.adapters())) {
    use_.step_salt = options.dropout_salt;
    row_use_ = use_;
    if (!use_.rows.empty()) row_use_.rows = batch.adapters_of(options.rows, arena);
    const int64_t size = model.info_.head_size;
    const auto& ropes = model.settings_.ropes;
    ropes_ = arena.allocate_array<MatView<const float>>(int64_t(ropes.size()));
    for (size_t i = 0; i < ropes.size(); ++i) {
      const MatView<float> angles(arena.allocate_array<float>(batch.size() * size), batch.size(),
                                  size);
      ropes[i].angles(batch.positions(), angles);
      ropes_[i] = angles;
    }
    if (!options.dropout) return;
    use_.keys = batch.keys();
    row_use_.keys = batch.keys_of(options.rows, arena);
  }
  int64_t layers() const override { return int64_t(model_.layers_.size()); }
  int64_t rows_out(int64_t rows) const override {
    return options_.rows.empty() ? rows : int64_t(options_.rows.size());
  }
  nn::Var run(nn::Graph& graph, int64_t index, nn::Var x) const override {
    const Decoder::Layer& layer = model_.layers_[size_t(index)];
    const ModelInfo& info = model_.info_;
    const DecoderSettings& own = model_.settings_;
    const LayerKind& kind = own.layers[size_t(index) % own.layers.size()];
    const nn::AttentionSettings settings{
        {info.heads, info.kv_heads, info.head_size, own.scale, kind.window},
        ropes_[kind.rope],
        index,
        options_.cache};
    nn::Var h = nn::rmsnorm(graph, x, model_.norm(layer.attention_norm), own.epsilon);
    h = nn::linear(graph, layer.qkv, h, use_);
    if (info.head_norms) {
      h = nn::norm_heads(graph, h,
                         {model_.norm(layer.query_norm), model_.norm(layer.key_norm), info.heads,
                          info.kv_heads, info.head_size, own.epsilon});
    }
    h = nn::attention(graph, h, batch_, settings);
    // Behind the last attention, rows that nobody asked for serve nothing.
    const bool choose = index + 1 == layers() && !options_.rows.empty();
    if (choose) {
      h = nn::take_rows(graph, h, options_.rows);
      x = nn::take_rows(graph, x, options_.rows);
    }
    const nn::AdapterUse& use = choose ? row_use_ : use_;
    x = add(graph, layer.output, layer.behind_attention, h, x, use);
    h = nn::rmsnorm(graph, x, model_.norm(layer.ffn_norm), own.epsilon);
    h = nn::gate(graph, own.gate, nn::linear(graph, layer.gate_up, h, use));
    x = add(graph, layer.down, layer.behind_ffn, h, x, use);
    if (options_.probe) (*options_.probe)(index, graph.value(x));
    return x;
  }

 private:
  // x and the linear's output, which goes through a norm first where the family has one there.
  nn::Var add(nn::Graph& graph, const nn::Linear& linear, const Weight& norm, nn::Var h, nn::Var x,
              const nn::AdapterUse& use) const {
    if (!model_.info_.norms_behind) return nn::linear_residual(graph, linear, h, x, use);
    h = nn::linear_wide(graph, linear, h, use);
    return nn::rmsnorm_residual(graph, h, model_.norm(norm), model_.settings_.epsilon, x);
  }

  const Decoder& model_;
  const nn::TokenBatch& batch_;
  ForwardOptions options_;
  MatView<const float>* ropes_;  // in the arena
  nn::AdapterUse use_, row_use_;
};

namespace {

TensorName layer_tensor(int64_t index, std::string_view hugging_face, std::string_view gguf,
                        std::string_view kind = "weight") {
  return {fmt::format("model.layers.{}.{}.{}", index, hugging_face, kind),
          fmt::format("blk.{}.{}.{}", index, gguf, kind)};
}

Weight norm_weight(const ModelFiles& files, const TensorName& name, int64_t size) {
  return weight_of(name.hugging_face, files.vector(name, size));
}

[[noreturn]] void fail_no_bias(const ModelFiles& files, const char* flag, const TensorName& name) {
  const std::string_view tensor = files.gguf() ? name.gguf : name.hugging_face;
  if (!flag) {
    fail("arch.decoder", fmt::format("{}: a model of architecture '{}' has biases, but the weights "
                                     "have no tensor '{}'. Fetch them again.",
                                     files.path().string(), files.architecture(), tensor));
  }
  fail("arch.decoder",
       fmt::format("{}: {} is set, but the weights have no tensor '{}'. Correct the setting, "
                   "or fetch the weights again.",
                   files.settings_place(), flag, tensor));
}

}  // namespace

// flag: config.json's setting that says whether there are biases; nullptr: there are.
nn::Linear Decoder::load_linear(const ModelFiles& files, const LoadOptions& options, int64_t index,
                                std::span<const Projection> projections, const char* flag) {
  std::vector<nn::Linear::Part> parts;
  std::vector<float> biases;
  bool any = false;
  for (const Projection& p : projections) {
    const int64_t paired = settings_.paired_rows ? p.rotary_heads : 0;
    const bool reordered = files.gguf() && paired;
    Weight weight = files.weight(layer_tensor(index, p.name, p.gguf), p.rows, p.cols);
    files.note_rotary(layer_tensor(index, p.name, p.gguf), paired);
    if (reordered) weight = unpermute_rows(weight, paired);
    info_.parameters += weight.size();
    parts.push_back(
        {fmt::format("model.layers.{}.{}", index, p.name), to_base(weight, options.base)});
    const TensorName name = layer_tensor(index, p.name, p.gguf, "bias");
    std::vector<float> bias(size_t(p.rows), 0.0f);
    if (!flag || (files.gguf() ? files.has(name) : files.get_bool(flag, false))) {
      if (!files.has(name)) fail_no_bias(files, flag, name);
      bias = files.vector(name, p.rows);
      files.note_rotary(name, paired);
      if (reordered) bias = unpermute_rows(bias, paired);
      info_.parameters += p.rows;
      any = true;
    }
    biases.insert(biases.end(), bias.begin(), bias.end());
  }
  if (!any) biases.clear();
  return nn::Linear(std::move(parts), std::move(biases));
}

void Decoder::load_norms(const ModelFiles& files, int64_t index, Layer& layer) const {
  const auto norm = [&](std::string_view hugging_face, std::string_view gguf, int64_t size) {
    return norm_weight(files, layer_tensor(index, hugging_face, gguf), size);
  };
  layer.attention_norm = norm("input_layernorm", "attn_norm", info_.width);
  if (info_.head_norms) {
    layer.query_norm = norm("self_attn.q_norm", "attn_q_norm", info_.head_size);
    layer.key_norm = norm("self_attn.k_norm", "attn_k_norm", info_.head_size);
  }
  if (!info_.norms_behind) {
    layer.ffn_norm = norm("post_attention_layernorm", "ffn_norm", info_.width);
    return;
  }
  layer.behind_attention = norm("post_attention_layernorm", "post_attention_norm", info_.width);
  layer.ffn_norm = norm("pre_feedforward_layernorm", "ffn_norm", info_.width);
  layer.behind_ffn = norm("post_feedforward_layernorm", "post_ffw_norm", info_.width);
}

Decoder::Layer Decoder::load_layer(const ModelFiles& files, const LoadOptions& options,
                                   int64_t index) {
  const int64_t d = info_.width, q = info_.heads * info_.head_size,
                kv = info_.kv_heads * info_.head_size, f = info_.ffn_width;
  const Projection qkv[] = {{"self_attn.q_proj", "attn_q", q, d, info_.heads},
                            {"self_attn.k_proj", "attn_k", kv, d, info_.kv_heads},
                            {"self_attn.v_proj", "attn_v", kv, d}};
  const Projection gate_up[] = {{"mlp.gate_proj", "ffn_gate", f, d},
                                {"mlp.up_proj", "ffn_up", f, d}};
  const Projection fused_qkv[] = {{"self_attn.qkv_proj", "attn_qkv", q + 2 * kv, d}};
  const Projection fused_gate_up[] = {{"mlp.gate_up_proj", "ffn_up", 2 * f, d}};
  const Projection output[] = {{"self_attn.o_proj", "attn_output", d, q}};
  const Projection down[] = {{"mlp.down_proj", "ffn_down", d, f}};
  const auto one = [&](std::span<const Projection> fused, std::span<const Projection> parts) {
    return settings_.fused ? fused : parts;
  };
  Layer layer;
  load_norms(files, index, layer);
  layer.qkv = load_linear(files, options, index, one(fused_qkv, qkv),
                          settings_.qkv_bias ? nullptr : "attention_bias");
  layer.output = load_linear(files, options, index, output, "attention_bias");
  layer.gate_up = load_linear(files, options, index, one(fused_gate_up, gate_up), "mlp_bias");
  layer.down = load_linear(files, options, index, down, "mlp_bias");
  return layer;
}

Decoder::Decoder(const ModelFiles& files, const LoadOptions& options, DecoderSettings settings)
    : settings_(std::move(settings)) {
  info_ = settings_.info;
  info_.ropes = int64_t(settings_.ropes.size());
  // transformers keeps it as a number of the model's type.
  if (options.compute == DType::kBF16) {
    settings_.embedding_scale = to_float(to_bf16(settings_.embedding_scale));
  }
  info_.vocabulary = vocabulary_size(files);
  embedding_ = files.weight({"model.embed_tokens.weight", "token_embd.weight"}, info_.vocabulary,
                            info_.width);
  final_norm_ = norm_weight(files, {"model.norm.weight", "output_norm.weight"}, info_.width);
  Weight head = head_weight(files, embedding_,
                            settings_.tied ? HeadTied::kByNature : HeadTied::kWhereSaid);
  info_.own_head = head.data.data() != embedding_.data.data();
  info_.parameters = embedding_.size() + (info_.own_head ? head.size() : 0);
  head_ = nn::Linear({{"lm_head", std::move(head)}});
  for (int64_t i = 0; i < info_.layers; ++i) layers_.push_back(load_layer(files, options, i));
}

std::vector<const nn::Linear*> Decoder::linears() const {
  return linears_of<const nn::Linear>(layers_, &Layer::qkv, &Layer::output, &Layer::gate_up,
                                      &Layer::down);
}

std::vector<nn::Linear*> Decoder::mutable_linears() {
  auto all = linears_of<nn::Linear>(layers_, &Layer::qkv, &Layer::output, &Layer::gate_up,
                                    &Layer::down);
  all.push_back(&head_);
  return all;
}

std::vector<NamedWeight> Decoder::open_weights() {
  std::vector<NamedWeight> all{{"model.embed_tokens.weight", &embedding_}};
  const auto add_norm = [&](Weight& weight) {
    if (weight.size() > 0) all.push_back({weight.name, &weight});
  };
  for (Layer& layer : layers_) {
    add_norm(layer.attention_norm);
    add_parts(layer.qkv, all);
    add_norm(layer.query_norm);
    add_norm(layer.key_norm);
    add_parts(layer.output, all);
    add_norm(layer.behind_attention);
    add_norm(layer.ffn_norm);
    add_parts(layer.gate_up, all);
    add_parts(layer.down, all);
    add_norm(layer.behind_ffn);
  }
  all.push_back({final_norm_.name, &final_norm_});
  add_parts(head_, all);
  return all;
}

nn::NormWeight Decoder::norm(const Weight& weight) const {
  return {values_of(weight), settings_.norm_shift};
}

nn::Var Decoder::forward(nn::Graph& graph, const nn::TokenBatch& batch,
                         const ForwardOptions& options) const {
  nn::Var x = embed(graph, {embedding_, &nn::LoraSet::embedding}, batch, options.adapter);
  if (settings_.embedding_scale != 1.0f) nn::scale(graph, x, settings_.embedding_scale);
  if (options.probe) (*options.probe)(-1, graph.value(x));
  const DecoderPass& pass = graph.arena().make<DecoderPass>(*this, batch, options, graph.arena());
  x = nn::run_layers(graph, pass, x, options.checkpoint);
  x = nn::rmsnorm(graph, x, norm(final_norm_), settings_.epsilon);
  if (options.probe) (*options.probe)(info_.layers, graph.value(x));
  return x;
}

}  // namespace relatum::arch
