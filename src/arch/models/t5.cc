// T5: an encoder and a decoder with relative positions (Raffel et al. 2019, arXiv 1910.10683). The
// first version has relu and a head that shares the embedding, T5 1.1 and Flan-T5 a gated gelu and
// a head of their own.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "arch/embedding.h"
#include "arch/family.h"
#include "arch/head_weight.h"
#include "arch/relative_bias.h"
#include "arch/t5_settings.h"
#include "base/error.h"
#include "nn/activation.h"
#include "nn/attention.h"
#include "nn/layers.h"
#include "nn/norm.h"
#include "nn/several_adapters.h"
#include "nn/take_rows.h"
#include "tensor/values.h"

namespace relatum::arch {
namespace {

constexpr int64_t kEncoderLinears = 4, kDecoderLinears = 7;  // of a layer

struct Layer {
  Weight attention_norm, cross_norm, ffn_norm;
  nn::Linear qkv, output, cross_q, cross_kv, cross_output, up, down;
};

// One of the two halves.
struct Stack {
  std::vector<Layer> layers;
  Weight final_norm;
  RelativeBias bias;
};

class T5 final : public Model {
 public:
  T5(const ModelFiles& files, const LoadOptions& options);
  nn::Var forward(nn::Graph& graph, const nn::TokenBatch& batch,
                  const ForwardOptions& options) const override;
  std::vector<const nn::Linear*> linears() const override;
  std::vector<const nn::Linear*> source_linears() const override;
  std::pair<size_t, size_t> linears_of_layer(int64_t layer) const override;
  const nn::Linear* head() const override { return &head_; }
  const Weight* embedding() const override { return &embedding_; }
  const Weight* source_embedding() const override { return &source_embedding_; }
  std::vector<nn::Linear*> mutable_linears() override;
  std::vector<NamedWeight> open_weights() override;

 private:
  friend class Pass;
  void load_stack(const ModelFiles& files, const LoadOptions& options, bool decoder);
  Weight own_embedding(const ModelFiles& files, const std::string& half);
  void scale_head_input();

  T5Settings settings_;
  Weight shared_;  // of a tied head, and of encoder and decoder where they have none of their own
  Weight embedding_, source_embedding_;
  Stack encoder_, decoder_;
  nn::Linear head_;
  // What the head reads is scaled where it shares the embedding. Frozen, the last norm's weights
  // contain that; `stored_norm_` are those of the file, empty where nothing is scaled.
  Weight stored_norm_;
  float head_scale_ = 1;  // beside the last norm's weights
};

// One pass over one half.
class Pass final : public nn::LayerStack {
 public:
  // Memory of its own lies in the arena: its destructor never runs. states: the encoder's, f32;
  // invalid in the encoder, and where all sources are cached.
  Pass(const T5& model, bool decoder, const nn::TokenBatch& batch, nn::Var states,
       const ForwardOptions& options, nn::Graph& graph)
      : model_(model), stack_(decoder ? model.decoder_ : model.encoder_), decoder_(decoder),
        batch_(batch), states_(states), options_(options),
        use_(nn::adapter_use(options.adapter, batch.adapters())) {
    const int64_t reach = int64_t{batch.max_position()} + 1;
    Arena& arena = graph.arena();
    bias_ = stack_.bias.filled(reach, arena);
    bias_grad_ = stack_.bias.gradient(graph, reach);
    if (!decoder) options_.rows = {};
    use_.step_salt = options.dropout_salt;
    row_use_ = source_use_ = use_;
    if (!use_.rows.empty()) row_use_.rows = batch.adapters_of(options_.rows, arena);
    if (decoder && batch.sources()) {
      source_use_ = nn::adapter_use(options.adapter, batch.sources()->adapters());
      source_use_.step_salt = options.dropout_salt;
    }
    if (!options.dropout) return;
    use_.keys = batch.keys();
    if (decoder && batch.sources()) source_use_.keys = batch.sources()->keys();
    row_use_.keys = batch.keys_of(options_.rows, arena);
  }
  int64_t layers() const override { return int64_t(stack_.layers.size()); }
  int64_t rows_out(int64_t rows) const override {
    return options_.rows.empty() ? rows : int64_t(options_.rows.size());
  }
  nn::Var run(nn::Graph& graph, int64_t index, nn::Var x) const override {
    const Layer& layer = stack_.layers[size_t(index)];
    nn::AttentionSettings settings;
    settings.shape = {
        model_.info_.heads, model_.info_.heads, model_.info_.head_size, 1.0f, 0, bias_};
    settings.bias_grad = bias_grad_;
    settings.layer = index;
    if (decoder_) settings.cache = options_.cache;
    nn::Var h = norm(graph, x, layer.attention_norm);
    h = nn::attention(graph, nn::linear(graph, layer.qkv, h, use_), batch_, settings);
    x = nn::linear_residual(graph, layer.output, h, x, use_);
    if (decoder_) {
      settings.shape.bias = {};
      settings.bias_grad = {};
      const nn::Var q = nn::linear(graph, layer.cross_q, norm(graph, x, layer.cross_norm), use_);
      nn::Var kv;
      if (states_) {
        kv = nn::linear(graph, layer.cross_kv, nn::to_compute(graph, states_), source_use_);
      }
      h = nn::cross_attention(graph, q, kv, batch_, settings);
    }
    // Behind the last attention, rows that nobody asked for serve nothing.
    const bool choose = decoder_ && index + 1 == layers() && !options_.rows.empty();
    if (choose) {
      h = nn::take_rows(graph, h, options_.rows);
      x = nn::take_rows(graph, x, options_.rows);
    }
    const nn::AdapterUse& use = choose ? row_use_ : use_;
    if (decoder_) x = nn::linear_residual(graph, layer.cross_output, h, x, use);
    h = nn::linear(graph, layer.up, norm(graph, x, layer.ffn_norm), use);
    const T5Settings& t5 = model_.settings_;
    h = t5.gated ? nn::gate(graph, t5.activation, h) : nn::activate(graph, t5.activation, h);
    x = nn::linear_residual(graph, layer.down, h, x, use);
    if (options_.probe) {
      (*options_.probe)(index + (decoder_ ? int64_t(model_.encoder_.layers.size()) : 0),
                        graph.value(x));
    }
    return x;
  }

 private:
  nn::Var norm(nn::Graph& graph, nn::Var x, const Weight& weight) const {
    return nn::rmsnorm(graph, x, values_of(weight), model_.settings_.epsilon);
  }
  const T5& model_;
  const Stack& stack_;
  bool decoder_;
  const nn::TokenBatch& batch_;
  nn::Var states_;
  ForwardOptions options_;
  MatView<const float> bias_;  // in the arena
  MatView<float> bias_grad_;   // there, too, or no data
  nn::AdapterUse use_, row_use_, source_use_;
};

// Loads what one layer needs; names are Hugging Face's below "encoder.block.N.", and GGUF's below
// "enc.blk.N.".
class LayerLoader {
 public:
  LayerLoader(const ModelFiles& files, const LoadOptions& options, ModelInfo& info, bool decoder,
              int64_t index)
      : files_(files), options_(options),
        info_(info), prefix_{fmt::format("{}.block.{}.", decoder ? "decoder" : "encoder", index),
                             fmt::format("{}.blk.{}.", decoder ? "dec" : "enc", index)} {}

  TensorName name(std::string_view hugging_face, std::string_view gguf) const {
    return {fmt::format("{}{}.weight", prefix_.hugging_face, hugging_face),
            fmt::format("{}{}.weight", prefix_.gguf, gguf)};
  }
  nn::Linear linear(std::initializer_list<std::pair<std::string_view, std::string_view>> names,
                    int64_t rows, int64_t cols) const {
    std::vector<nn::Linear::Part> parts;
    for (const auto& [hugging_face, gguf] : names) {
      const Weight weight = files_.weight(name(hugging_face, gguf), rows, cols);
      info_.parameters += weight.size();
      parts.push_back(
          {prefix_.hugging_face + std::string(hugging_face), to_base(weight, options_.base)});
    }
    return nn::Linear(std::move(parts));
  }
  Weight norm(std::string_view hugging_face, std::string_view gguf) const {
    const TensorName both = name(hugging_face, gguf);
    return weight_of(both.hugging_face, files_.vector(both, info_.width));
  }

 private:
  const ModelFiles& files_;
  const LoadOptions& options_;
  ModelInfo& info_;
  TensorName prefix_;
};

void T5::load_stack(const ModelFiles& files, const LoadOptions& options, bool decoder) {
  Stack& stack = decoder ? decoder_ : encoder_;
  const int64_t d = info_.width, inner = info_.heads * info_.head_size, f = info_.ffn_width;
  const int64_t count = decoder ? info_.layers : info_.encoder_layers;
  const std::string dense = fmt::format("layer.{}.DenseReluDense.", decoder ? 2 : 1);
  for (int64_t i = 0; i < count; ++i) {
    const LayerLoader load(files, options, info_, decoder, i);
    Layer layer;
    layer.attention_norm = load.norm("layer.0.layer_norm", "attn_norm");
    layer.qkv = load.linear({{"layer.0.SelfAttention.q", "attn_q"},
                             {"layer.0.SelfAttention.k", "attn_k"},
                             {"layer.0.SelfAttention.v", "attn_v"}},
                            inner, d);
    layer.output = load.linear({{"layer.0.SelfAttention.o", "attn_o"}}, d, inner);
    if (decoder) {
      layer.cross_norm = load.norm("layer.1.layer_norm", "cross_attn_norm");
      layer.cross_q = load.linear({{"layer.1.EncDecAttention.q", "cross_attn_q"}}, inner, d);
      layer.cross_kv = load.linear({{"layer.1.EncDecAttention.k", "cross_attn_k"},
                                    {"layer.1.EncDecAttention.v", "cross_attn_v"}},
                                   inner, d);
      layer.cross_output = load.linear({{"layer.1.EncDecAttention.o", "cross_attn_o"}}, d, inner);
    }
    layer.ffn_norm = load.norm(decoder ? "layer.2.layer_norm" : "layer.1.layer_norm", "ffn_norm");
    layer.up = settings_.gated
                   ? load.linear({{dense + "wi_0", "ffn_gate"}, {dense + "wi_1", "ffn_up"}}, f, d)
                   : load.linear({{dense + "wi", "ffn_up"}}, f, d);
    layer.down = load.linear({{dense + "wo", "ffn_down"}}, d, f);
    stack.layers.push_back(std::move(layer));
  }
  const TensorName last{fmt::format("{}.final_layer_norm.weight", decoder ? "decoder" : "encoder"),
                        fmt::format("{}.output_norm.weight", decoder ? "dec" : "enc")};
  stack.final_norm = weight_of(last.hugging_face, files.vector(last, d));
  const LayerLoader first(files, options, info_, decoder, 0);
  const TensorName bias = first.name("layer.0.SelfAttention.relative_attention_bias", "attn_rel_b");
  stack.bias = RelativeBias::load(files, bias, settings_.buckets, info_.heads, settings_.farthest,
                                  !decoder);
  info_.parameters += stack.bias.size();
}

T5::T5(const ModelFiles& files, const LoadOptions& options) : settings_(read_t5_settings(files)) {
  info_ = settings_.info;
  shared_ = files.weight({"shared.weight", "token_embd.weight"}, info_.vocabulary, info_.width);
  info_.parameters = shared_.size();
  source_embedding_ = own_embedding(files, "encoder");
  embedding_ = own_embedding(files, "decoder");
  load_stack(files, options, false);
  load_stack(files, options, true);
  const bool told = files.setting("scale_decoder_outputs") != nullptr;
  Weight head = head_weight(files, shared_, told ? HeadTied::kNotAsked : HeadTied::kWhereSaid);
  info_.own_head = head.data.data() != shared_.data.data();
  if (info_.own_head) info_.parameters += head.size();
  if (head_scale(files, info_) != 1) scale_head_input();
  head_ = nn::Linear({{"lm_head", std::move(head)}});
}

// As transformers: a file's own table, where its values are not those of the one that is shared.
Weight T5::own_embedding(const ModelFiles& files, const std::string& half) {
  const TensorName name{half + ".embed_tokens.weight", ""};
  if (files.gguf() || !files.has(name)) return shared_;
  Weight own = files.weight(name, info_.vocabulary, info_.width);
  if (own.format == shared_.format && std::ranges::equal(own.data, shared_.data)) return shared_;
  info_.parameters += own.size();
  return own;
}

void T5::scale_head_input() {
  stored_norm_ = decoder_.final_norm;
  const float* stored = values_of(stored_norm_);
  std::vector<float> scaled(stored, stored + info_.width);
  for (float& weight : scaled) weight *= head_scale(info_.width);
  decoder_.final_norm = weight_of(stored_norm_.name, std::move(scaled));
}

std::vector<NamedWeight> T5::open_weights() {
  if (stored_norm_.rows) {
    decoder_.final_norm = std::exchange(stored_norm_, {});
    head_scale_ = head_scale(info_.width);
  }
  for (const Weight* own : {&source_embedding_, &embedding_}) {
    if (own->data.data() == shared_.data.data()) continue;
    fail("arch.t5", fmt::format("{}: encoder and decoder have embeddings that differ from the one "
                                "that they share ('{}'), and such models' weights are not trained "
                                "as a whole. Train an adapter (--method lora or qlora).",
                                info_.path, own->name));
  }
  std::vector<NamedWeight> all;
  for (Weight* table : {&shared_, &source_embedding_, &embedding_}) {
    all.push_back({"shared.weight", table});
  }
  const auto add = [&](Weight& weight) { all.push_back({weight.name, &weight}); };
  for (Stack* stack : {&encoder_, &decoder_}) {
    add(stack->bias.values());
    for (Layer& layer : stack->layers) {
      for (Weight* norm : {&layer.attention_norm, &layer.cross_norm, &layer.ffn_norm}) {
        if (norm->rows) add(*norm);
      }
    }
    add(stack->final_norm);
  }
  for (nn::Linear* linear : mutable_linears()) add_parts(*linear, all);
  return all;
}

// The encoder's linears, then the decoder's.
template <class Linear, class Stack>
void add_linears(Stack& stack, std::vector<Linear*>& all) {
  for (auto& layer : stack.layers) {
    for (Linear* linear : {&layer.qkv, &layer.output, &layer.cross_q, &layer.cross_kv,
                           &layer.cross_output, &layer.up, &layer.down}) {
      if (!linear->parts().empty()) all.push_back(linear);
    }
  }
}

std::vector<const nn::Linear*> T5::linears() const {
  std::vector<const nn::Linear*> all;
  add_linears(encoder_, all);
  add_linears(decoder_, all);
  return all;
}

std::vector<const nn::Linear*> T5::source_linears() const {
  std::vector<const nn::Linear*> all;
  add_linears(encoder_, all);
  for (const Layer& layer : decoder_.layers) all.push_back(&layer.cross_kv);
  return all;
}

std::pair<size_t, size_t> T5::linears_of_layer(int64_t layer) const {
  const int64_t encoder = info_.encoder_layers;
  const int64_t begin = layer < encoder
                            ? layer * kEncoderLinears
                            : encoder * kEncoderLinears + (layer - encoder) * kDecoderLinears;
  return {size_t(begin), size_t(begin + (layer < encoder ? kEncoderLinears : kDecoderLinears))};
}

std::vector<nn::Linear*> T5::mutable_linears() {
  std::vector<nn::Linear*> all;
  add_linears(encoder_, all);
  add_linears(decoder_, all);
  all.push_back(&head_);
  return all;
}

nn::Var T5::forward(nn::Graph& graph, const nn::TokenBatch& batch,
                    const ForwardOptions& options) const {
  Arena& arena = graph.arena();
  nn::Var states;
  if (const nn::TokenBatch* sources = batch.sources()) {
    const Pass& pass = arena.make<Pass>(*this, false, *sources, nn::Var{}, options, graph);
    nn::Var x = embed(graph, {source_embedding_, &nn::LoraSet::source_embedding}, *sources,
                      options.adapter);
    x = nn::run_layers(graph, pass, x, options.checkpoint);
    states = nn::rmsnorm(graph, x, values_of(encoder_.final_norm), settings_.epsilon, true);
  }
  nn::Var x = embed(graph, {embedding_, &nn::LoraSet::embedding}, batch, options.adapter);
  if (options.probe) (*options.probe)(-1, graph.value(x));
  const Pass& pass = arena.make<Pass>(*this, true, batch, states, options, graph);
  x = nn::run_layers(graph, pass, x, options.checkpoint);
  nn::outlast_layers(graph, states);
  x = nn::rmsnorm(graph, x, values_of(decoder_.final_norm), settings_.epsilon);
  if (head_scale_ != 1.0f) nn::scale(graph, x, head_scale_);
  if (options.probe) (*options.probe)(info_.layers + info_.encoder_layers, graph.value(x));
  return x;
}

}  // namespace

const Family& family_t5() {
  static constexpr std::string_view kTypes[] = {"t5"};
  // What llama.cpp, too, writes of a bias that no layer reads.
  static constexpr std::string_view kTensors[] = {"*cross_attn_rel_b.weight",
                                                  "decoder.block.0.layer.1.EncDecAttention."
                                                  "relative_attention_bias.weight"};
  // Lengths of the rows that it was trained with; dropout, which the adapter has of its own.
  static constexpr std::string_view kKeys[] = {"vocab_size",
                                               "n_positions",
                                               "context_length",
                                               "initializer_factor",
                                               "dropout_rate",
                                               "classifier_dropout",
                                               "output_past",
                                               "decoder_start_token_id",
                                               "attention.layer_norm_rms_epsilon",
                                               "attention.value_length"};
  static constexpr NeutralSetting kNeutral[] = {{"is_encoder_decoder", 1}, {"is_decoder", 0}};
  static const Family family{"t5",        kTypes,     true, {kTensors, kKeys, kNeutral},
                             load_as<T5>, describe_t5};
  return family;
}

}  // namespace relatum::arch
