// T5: an encoder and a decoder with relative positions (Raffel et al. 2019, arXiv 1910.10683). The
// first version has relu and a head that shares the embedding, T5 1.1 and Flan-T5 a gated gelu and
// a head of their own.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "arch/embedding.h"
#include "arch/family.h"
#include "arch/head_weight.h"
#include "arch/relative_bias.h"
#include "base/error.h"
#include "base/printable.h"
#include "nn/activation.h"
#include "nn/attention.h"
#include "nn/layers.h"
#include "nn/norm.h"
#include "nn/take_rows.h"
#include "quant/format.h"

namespace relatum::arch {
namespace {

constexpr int64_t kContext = 16384;  // tokens of a row; a table of all its distances has to fit

constexpr int64_t kEncoderLinears = 4, kDecoderLinears = 7;  // of a layer

struct Layer {
  std::vector<float> attention_norm, cross_norm, ffn_norm;
  nn::Linear qkv, output, cross_q, cross_kv, cross_output, up, down;
};

// One of the two halves.
struct Stack {
  std::vector<Layer> layers;
  std::vector<float> final_norm;
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
  std::vector<nn::Linear*> mutable_linears() override;

 private:
  friend class Pass;
  void read_settings(const ModelFiles& files);
  void read_activation(const ModelFiles& files);
  void load_stack(const ModelFiles& files, const LoadOptions& options, bool decoder);

  float epsilon_ = 0;
  nn::Activation activation_ = nn::Activation::kRelu;
  bool gated_ = false;
  int64_t buckets_ = 0, farthest_ = 0;
  Weight embedding_;
  Stack encoder_, decoder_;
  nn::Linear head_;
};

// One pass over one half.
class Pass final : public nn::LayerStack {
 public:
  // Memory of its own lies in the arena: its destructor never runs. states: the encoder's, f32;
  // invalid in the encoder, and where all sources are cached.
  Pass(const T5& model, bool decoder, const nn::TokenBatch& batch, nn::Var states,
       const ForwardOptions& options, Arena& arena)
      : model_(model), stack_(decoder ? model.decoder_ : model.encoder_), decoder_(decoder),
        batch_(batch), states_(states),
        options_(options), use_{options.adapter, {}, options.dropout_salt}, row_use_(use_),
        source_use_(use_) {
    const int64_t heads = model.info_.heads, reach = int64_t{batch.max_position()} + 1;
    const MatView<float> bias(arena.allocate_array<float>(heads * (2 * reach - 1)), heads,
                              2 * reach - 1);
    stack_.bias.fill(reach, bias);
    bias_ = bias;
    if (!decoder) options_.rows = {};
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
    settings.layer = index;
    if (decoder_) settings.cache = options_.cache;
    nn::Var h = norm(graph, x, layer.attention_norm);
    h = nn::attention(graph, nn::linear(graph, layer.qkv, h, use_), batch_, settings);
    x = nn::linear_residual(graph, layer.output, h, x, use_);
    if (decoder_) {
      settings.shape.bias = {};
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
    h = model_.gated_ ? nn::gate(graph, model_.activation_, h)
                      : nn::activate(graph, model_.activation_, h);
    x = nn::linear_residual(graph, layer.down, h, x, use);
    if (options_.probe) {
      (*options_.probe)(index + (decoder_ ? int64_t(model_.encoder_.layers.size()) : 0),
                        graph.value(x));
    }
    return x;
  }

 private:
  nn::Var norm(nn::Graph& graph, nn::Var x, const std::vector<float>& weight) const {
    return nn::rmsnorm(graph, x, weight.data(), model_.epsilon_);
  }
  const T5& model_;
  const Stack& stack_;
  bool decoder_;
  const nn::TokenBatch& batch_;
  nn::Var states_;
  ForwardOptions options_;
  MatView<const float> bias_;  // in the arena
  nn::AdapterUse use_, row_use_, source_use_;
};

void T5::read_settings(const ModelFiles& files) {
  info_.family = "t5";
  info_.path = files.path().string();
  info_.encoder_layers = files.get_int("num_layers", "block_count");
  info_.layers = files.get_int("num_decoder_layers", "decoder_block_count", info_.encoder_layers);
  info_.width = files.get_int("d_model", "embedding_length");
  info_.heads = info_.kv_heads = files.get_int("num_heads", "attention.head_count");
  info_.ffn_width = files.get_int("d_ff", "feed_forward_length");
  // Distances have no end, so rows may be longer than those that it was trained with.
  info_.context = kContext;
  check_sizes(info_);
  info_.head_size = files.get_int("d_kv", "attention.key_length");
  epsilon_ = float(files.get_double("layer_norm_epsilon", "attention.layer_norm_epsilon", 1e-6));
  buckets_ = files.get_int("relative_attention_num_buckets", "attention.relative_buckets_count",
                           32);
  farthest_ = files.get_int("relative_attention_max_distance", "", 128);
  info_.decoder_start = int32_t(
      files.get_int("decoder_start_token_id", "decoder_start_token_id", 0));
  const auto refuse = [&](const std::string& what) {
    fail("arch.t5", fmt::format("{}: {}.", files.settings_place(), what));
  };
  if (info_.encoder_layers <= 0 || info_.encoder_layers > info_.layers * 1000) {
    refuse(fmt::format("{} layers of the encoder cannot be", info_.encoder_layers));
  }
  if (info_.head_size <= 0 || info_.head_size > 1024) {
    refuse(fmt::format("heads of {} values cannot be", info_.head_size));
  }
  if (buckets_ < 4 || buckets_ > 4096 || farthest_ <= buckets_ / 2 || farthest_ > 1 << 24) {
    refuse(fmt::format("{} buckets for distances up to {} cannot be", buckets_, farthest_));
  }
  read_activation(files);
}

void T5::read_activation(const ModelFiles& files) {
  if (files.gguf()) {
    // As llama.cpp: where there is a gate, it is gelu's.
    gated_ = files.has({"", "enc.blk.0.ffn_gate.weight"});
    activation_ = gated_ ? nn::Activation::kGeluTanh : nn::Activation::kRelu;
    return;
  }
  const std::string name = files.get_string("feed_forward_proj", "", "relu");
  gated_ = name.starts_with("gated-");
  const std::string function = gated_ ? name.substr(6) : name;
  // "gated-gelu" has always meant the one by tanh.
  static const std::map<std::string, nn::Activation, std::less<>> known = {
      {"relu", nn::Activation::kRelu},
      {"silu", nn::Activation::kSilu},
      {"gelu_new", nn::Activation::kGeluTanh},
      {"gelu", nn::Activation::kGelu}};
  const auto found = known.find(function);
  if (found == known.end()) {
    fail("arch.t5", fmt::format("{}: feed_forward_proj is '{}'. Known are relu, silu, gelu and "
                                "gelu_new, and each of them gated (gated-gelu, …).",
                                files.settings_place(), printable_start(name)));
  }
  activation_ = name == "gated-gelu" ? nn::Activation::kGeluTanh : found->second;
}

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
  std::vector<float> norm(std::string_view hugging_face, std::string_view gguf) const {
    return files_.vector(name(hugging_face, gguf), info_.width);
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
    layer.up = gated_
                   ? load.linear({{dense + "wi_0", "ffn_gate"}, {dense + "wi_1", "ffn_up"}}, f, d)
                   : load.linear({{dense + "wi", "ffn_up"}}, f, d);
    layer.down = load.linear({{dense + "wo", "ffn_down"}}, d, f);
    stack.layers.push_back(std::move(layer));
  }
  stack.final_norm = files.vector(
      {fmt::format("{}.final_layer_norm.weight", decoder ? "decoder" : "encoder"),
       fmt::format("{}.output_norm.weight", decoder ? "dec" : "enc")},
      d);
  const LayerLoader first(files, options, info_, decoder, 0);
  const Weight bias = files.weight(
      first.name("layer.0.SelfAttention.relative_attention_bias", "attn_rel_b"), buckets_,
      info_.heads);
  Matrix<float> values(buckets_, info_.heads);
  quant::decode_rows(bias, 0, values.view());
  info_.parameters += bias.size();
  stack.bias = RelativeBias(std::move(values), farthest_, !decoder);
}

T5::T5(const ModelFiles& files, const LoadOptions& options) {
  read_settings(files);
  info_.vocabulary = vocabulary_size(files);
  embedding_ = files.weight({"shared.weight", "token_embd.weight"}, info_.vocabulary, info_.width);
  info_.parameters = embedding_.size();
  load_stack(files, options, false);
  load_stack(files, options, true);
  // Whether the head's input is scaled. transformers 5 has a setting for it and says "tied" of all;
  // before it, the settings of T5 1.1 said that the two are not tied.
  const nlohmann::json* scaled = files.setting("scale_decoder_outputs");
  const nlohmann::json* tied = files.setting("tie_word_embeddings");
  Weight head = head_weight(files, embedding_, !scaled);
  const bool own = head.data.data() != embedding_.data.data();
  if (own) info_.parameters += head.size();
  if (files.gguf() ? !own : scaled ? *scaled == true : !tied || *tied == true) {
    const float scale = 1.0f / std::sqrt(float(info_.width));
    for (float& weight : decoder_.final_norm) weight *= scale;
  }
  head_ = nn::Linear({{"lm_head", std::move(head)}});
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
  const auto embedded = [&](const nn::TokenBatch& rows) {
    const nn::Var x = graph.create(DType::kF32, rows.size(), info_.width, false);
    embed_tokens(embedding_, rows.tokens(), graph.value(x).as<float>());
    return x;
  };
  Arena& arena = graph.arena();
  nn::Var states;
  if (const nn::TokenBatch* sources = batch.sources()) {
    const Pass& pass = arena.make<Pass>(*this, false, *sources, nn::Var{}, options, arena);
    const nn::Var x = nn::run_layers(graph, pass, embedded(*sources), options.checkpoint);
    states = nn::rmsnorm(graph, x, encoder_.final_norm.data(), epsilon_, true);
  }
  nn::Var x = embedded(batch);
  if (options.probe) (*options.probe)(-1, graph.value(x));
  const Pass& pass = arena.make<Pass>(*this, true, batch, states, options, arena);
  x = nn::run_layers(graph, pass, x, options.checkpoint);
  nn::outlast_layers(graph, states);
  x = nn::rmsnorm(graph, x, decoder_.final_norm.data(), epsilon_);
  if (options.probe) (*options.probe)(info_.layers + info_.encoder_layers, graph.value(x));
  return x;
}

}  // namespace

const Family& family_t5() {
  static constexpr std::string_view kTypes[] = {"t5"};
  // Copies of the embedding, and what llama.cpp writes of a bias that no layer reads.
  static constexpr std::string_view kTensors[] = {
      "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "*cross_attn_rel_b.weight",
      "decoder.block.0.layer.1.EncDecAttention."
      "relative_attention_bias.weight"};
  // Lengths of the rows that it was trained with; dropout, which the adapter has of its own.
  static constexpr std::string_view kKeys[] = {"vocab_size",
                                               "n_positions",
                                               "context_length",
                                               "initializer_factor",
                                               "dropout_rate",
                                               "classifier_dropout",
                                               "dense_act_fn",
                                               "is_gated_act",
                                               "output_past",
                                               "decoder_start_token_id",
                                               "attention.layer_norm_rms_epsilon",
                                               "attention.value_length"};
  static constexpr NeutralSetting kNeutral[] = {{"is_encoder_decoder", 1}, {"is_decoder", 0}};
  static const Family family{"t5", kTypes, true, {kTensors, kKeys, kNeutral}, load_as<T5>};
  return family;
}

}  // namespace relatum::arch
