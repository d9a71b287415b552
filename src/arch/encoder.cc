// One network for all families of encoders: its layers, and how they are loaded.
#include "arch/encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "arch/embedding.h"
#include "base/error.h"
#include "base/rng.h"
#include "kernels/columns.h"
#include "kernels/rows.h"
#include "nn/attention.h"
#include "nn/dropout.h"
#include "nn/layers.h"
#include "nn/norm.h"
#include "nn/several_adapters.h"
#include "nn/take_rows.h"
#include "tensor/values.h"

namespace relatum::arch {
namespace {

constexpr int64_t kFarthest = 128;  // from this distance on, all share the last bucket

// What the sum of the three tables leaves for the backward pass.
struct EmbeddingRecord {
  nn::Var x;
  const int32_t *tokens, *places;
  MatView<float> words, positions, types;  // gradients; no data: frozen

  void backward(nn::Graph& graph) const {
    const auto dy = graph.grad(x).as<float>();
    const auto rows = size_t(dy.rows);
    if (words.data) kernels::add_to_rows(dy, {tokens, rows}, words);
    if (positions.data) kernels::add_to_rows(dy, {places, rows}, positions);
    if (types.data) kernels::add_column_sums(dy, {types.data, size_t(dy.cols)});
  }
};

// A key per token for masks, of its place and all its row: an encoder's token sees the whole row,
// and rows that begin alike are no more alike than others. In the arena.
std::span<uint64_t> mask_keys(const nn::TokenBatch& batch, Arena& arena) {
  const int64_t count = batch.size();
  const std::span<uint64_t> keys(arena.allocate_array<uint64_t>(count), size_t(count));
  const auto& places = batch.positions();
  uint64_t row = 0;
  for (size_t t = keys.size(); t-- > 0;) {
    const bool last = t + 1 == keys.size() || places[t + 1] == 0;
    if (last) row = batch.keys()[t];
    keys[t] = mix64(row + uint64_t(places[t]));
  }
  return keys;
}

}  // namespace

// One forward pass over the layers.
class EncoderPass final : public nn::LayerStack {
 public:
  // Memory of its own lies in the arena: its destructor never runs.
  EncoderPass(const Encoder& model, const nn::TokenBatch& batch, const ForwardOptions& options,
              nn::Graph& graph)
      : model_(model), batch_(batch), options_(options),
        use_(nn::adapter_use(options.adapter, batch.adapters())) {
    Arena& arena = graph.arena();
    use_.step_salt = options.dropout_salt;
    row_use_ = use_;
    if (!use_.rows.empty()) row_use_.rows = batch.adapters_of(options.rows, arena);
    if (options.dropout || options.own_dropout > 0) make_keys(arena);
    if (!model_.settings_.buckets) return;
    const int64_t reach = int64_t{batch.max_position()} + 1;
    bias_ = model_.bias_.filled(reach, arena);
    bias_grad_ = model_.bias_.gradient(graph, reach);
  }
  int64_t layers() const override { return int64_t(model_.layers_.size()); }
  int64_t rows_out(int64_t rows) const override {
    return options_.rows.empty() ? rows : int64_t(options_.rows.size());
  }
  // Behind the embeddings' norm.
  void drop_embeddings(nn::Graph& graph, nn::Var x) const {
    nn::drop(graph, x, place(-1, 0, keys_));
  }
  nn::Var run(nn::Graph& graph, int64_t index, nn::Var x) const override {
    const Encoder::Layer& layer = model_.layers_[size_t(index)];
    const ModelInfo& info = model_.info_;
    nn::AttentionSettings settings;
    settings.shape = {
        info.heads, info.heads, info.head_size, 1.0f / std::sqrt(float(info.head_size)), 0, bias_};
    settings.layer = index;
    settings.bias_grad = bias_grad_;
    nn::Var h = nn::linear(graph, layer.qkv, nn::to_compute(graph, x), use_);
    h = nn::attention(graph, h, batch_, settings);
    // Behind the last attention, rows that nobody asked for serve nothing.
    const bool choose = index + 1 == layers() && !options_.rows.empty();
    if (choose) {
      h = nn::take_rows(graph, h, options_.rows);
      x = nn::take_rows(graph, x, options_.rows);
    }
    const nn::AdapterUse& use = choose ? row_use_ : use_;
    const auto keys = choose ? row_keys_ : keys_;
    x = norm(graph, layer.attention_norm,
             add(graph, layer.output, h, x, use, place(index, 1, keys)));
    h = nn::activate(graph, model_.settings_.activation,
                     nn::linear(graph, layer.up, nn::to_compute(graph, x), use));
    x = norm(graph, layer.ffn_norm, add(graph, layer.down, h, x, use, place(index, 2, keys)));
    if (options_.probe) (*options_.probe)(index, graph.value(x));
    return x;
  }

 private:
  void make_keys(Arena& arena) {
    const auto keys = mask_keys(batch_, arena);
    keys_ = row_keys_ = keys;
    if (!options_.rows.empty()) {
      const auto count = int64_t(options_.rows.size());
      const std::span<uint64_t> chosen(arena.allocate_array<uint64_t>(count), size_t(count));
      for (size_t i = 0; i < chosen.size(); ++i) chosen[i] = keys[size_t(options_.rows[i])];
      row_keys_ = chosen;
    }
    if (!options_.dropout) return;
    use_.keys = keys_;
    row_use_.keys = row_keys_;
  }
  nn::Dropout place(int64_t layer, uint64_t number, std::span<const uint64_t> keys) const {
    return {keys, mix64(options_.dropout_salt ^ mix64(uint64_t(layer + 1) * 4 + number)),
            options_.own_dropout};
  }
  // x and the linear's output, of which dropout takes some.
  nn::Var add(nn::Graph& graph, const nn::Linear& linear, nn::Var h, nn::Var x,
              const nn::AdapterUse& use, const nn::Dropout& dropout) const {
    if (!(dropout.p > 0)) return nn::linear_residual(graph, linear, h, x, use);
    return nn::drop_residual(graph, nn::linear_wide(graph, linear, h, use), x, dropout);
  }
  nn::Var norm(nn::Graph& graph, const Encoder::Norm& n, nn::Var x) const {
    return model_.norm(graph, n, x);
  }
  const Encoder& model_;
  const nn::TokenBatch& batch_;
  ForwardOptions options_;
  nn::AdapterUse use_, row_use_;
  std::span<const uint64_t> keys_{}, row_keys_{};  // in the arena; none: nothing is dropped
  MatView<const float> bias_;                      // in the arena; no data: none
  MatView<float> bias_grad_;                       // the same; no data: frozen
};

nn::Linear Encoder::load_linear(const ModelFiles& files, const LoadOptions& options, int64_t index,
                                std::initializer_list<std::string_view> names) {
  const EncoderNames& known = settings_.names;
  const int64_t rows = *names.begin() == known.up ? info_.ffn_width : info_.width;
  const int64_t cols = *names.begin() == known.down ? info_.ffn_width : info_.width;
  std::vector<nn::Linear::Part> parts;
  std::vector<float> biases;
  for (const std::string_view name : names) {
    const std::string base = fmt::format("{}{}.{}", known.stack, index, name);
    const Weight weight = files.weight({base + ".weight", ""}, rows, cols);
    const auto bias = files.vector({base + ".bias", ""}, rows);
    parts.push_back({base, to_base(weight, options.base)});
    biases.insert(biases.end(), bias.begin(), bias.end());
    info_.parameters += weight.size() + rows;
  }
  return nn::Linear(std::move(parts), std::move(biases));
}

Encoder::Norm Encoder::load_norm(const ModelFiles& files, const std::string& name) const {
  const auto vector = [&](const char* kind) {
    return weight_of(name + kind, files.vector({name + kind, ""}, info_.width));
  };
  return {vector(".weight"), vector(".bias")};
}

void Encoder::load_bias(const ModelFiles& files) {
  const std::string_view stack = settings_.names.stack;  // "mpnet.encoder.layer."
  const std::string name = fmt::format("{}relative_attention_bias.weight",
                                       stack.substr(0, stack.rfind("layer.")));
  bias_ = RelativeBias::load(files, {name, ""}, settings_.buckets, info_.heads, kFarthest, true);
  info_.parameters += bias_.size();
}

Encoder::Encoder(const ModelFiles& files, const LoadOptions& options, EncoderSettings settings)
    : settings_(std::move(settings)) {
  info_ = settings_.info;
  const std::string& before = settings_.embeddings;
  words_ = files.weight({before + "word_embeddings.weight", ""}, info_.vocabulary, info_.width);
  positions_ = files.weight({before + "position_embeddings.weight", ""},
                            settings_.first_position + info_.context, info_.width);
  info_.parameters = words_.size() + positions_.size();
  if (settings_.types) {
    types_ = files.weight({before + "token_type_embeddings.weight", ""}, settings_.types,
                          info_.width);
    info_.parameters += types_.size();
  }
  norm_ = load_norm(files, before + "LayerNorm");
  const EncoderNames& n = settings_.names;
  for (int64_t i = 0; i < info_.layers; ++i) {
    const std::string place = fmt::format("{}{}.", n.stack, i);
    Layer layer;
    layer.qkv = load_linear(files, options, i, {n.query, n.key, n.value});
    layer.output = load_linear(files, options, i, {n.output});
    layer.up = load_linear(files, options, i, {n.up});
    layer.down = load_linear(files, options, i, {n.down});
    layer.attention_norm = load_norm(files, place + std::string(n.attention_norm));
    layer.ffn_norm = load_norm(files, place + std::string(n.ffn_norm));
    layers_.push_back(std::move(layer));
  }
  if (settings_.buckets) load_bias(files);
}

std::vector<const nn::Linear*> Encoder::linears() const {
  return linears_of<const nn::Linear>(layers_, &Layer::qkv, &Layer::output, &Layer::up,
                                      &Layer::down);
}

std::vector<nn::Linear*> Encoder::mutable_linears() {
  return linears_of<nn::Linear>(layers_, &Layer::qkv, &Layer::output, &Layer::up, &Layer::down);
}

std::vector<NamedWeight> Encoder::open_weights() {
  const std::string& before = settings_.embeddings;
  std::vector<NamedWeight> all{{before + "word_embeddings.weight", &words_},
                               {before + "position_embeddings.weight", &positions_}};
  // RoBERTa's has one row.
  if (settings_.types) all.push_back({before + "token_type_embeddings.weight", &types_, true});
  const auto add_norm = [&](Norm& norm) {
    for (Weight* weight : {&norm.weight, &norm.bias}) all.push_back({weight->name, weight});
  };
  add_norm(norm_);
  if (settings_.buckets) all.push_back({bias_.values().name, &bias_.values()});
  for (Layer& layer : layers_) {
    add_parts(layer.qkv, all);
    add_parts(layer.output, all);
    add_norm(layer.attention_norm);
    add_parts(layer.up, all);
    add_parts(layer.down, all);
    add_norm(layer.ffn_norm);
  }
  return all;
}

nn::Var Encoder::norm(nn::Graph& graph, const Norm& n, nn::Var x) const {
  return nn::layernorm(graph, x, values_of(n.weight), values_of(n.bias), settings_.epsilon);
}

nn::Var Encoder::embed(nn::Graph& graph, const nn::TokenBatch& batch) const {
  if (batch.max_position() >= info_.context) {
    fail("arch.encoder", fmt::format("a row of {} tokens is longer than the {} positions of {}.",
                                     batch.max_position() + 1, info_.context, info_.path));
  }
  Arena& arena = graph.arena();
  auto* places = arena.allocate_array<int32_t>(batch.size());
  for (int64_t t = 0; t < batch.size(); ++t) {
    places[t] = batch.positions()[size_t(t)] + int32_t(settings_.first_position);
  }
  EmbeddingRecord record{{},
                         batch.tokens().data(),
                         places,
                         gradient_of(graph, words_),
                         gradient_of(graph, positions_),
                         gradient_of(graph, types_)};
  const bool trained = record.words.data || record.positions.data || record.types.data;
  const nn::Var x = record.x = graph.create(DType::kF32, batch.size(), info_.width, trained);
  const auto out = graph.value(x).as<float>();
  embed_tokens(words_, batch.tokens(), out);
  if (trained) graph.record(record);
  const Arena::Mark mark = arena.mark();
  const auto rows = graph.allocate(DType::kF32, out.rows, out.cols).as<float>();
  embed_tokens(positions_, {places, size_t(out.rows)}, rows);
  const MatView<float> type(arena.allocate_array<float>(out.cols), 1, out.cols);
  std::fill(type.data, type.data + type.size(), 0.0f);
  const int32_t first = 0;
  if (settings_.types) embed_tokens(types_, {&first, 1}, type);
  for (int64_t t = 0; t < out.rows; ++t) {
    for (int64_t i = 0; i < out.cols; ++i) out.row(t)[i] += rows.row(t)[i] + type.data[i];
  }
  arena.release(mark);
  return x;
}

nn::Var Encoder::forward(nn::Graph& graph, const nn::TokenBatch& batch,
                         const ForwardOptions& options) const {
  nn::Var x = norm(graph, norm_, embed(graph, batch));
  if (options.probe) (*options.probe)(-1, graph.value(x));
  const auto& pass = graph.arena().make<EncoderPass>(*this, batch, options, graph);
  pass.drop_embeddings(graph, x);
  return nn::run_layers(graph, pass, x, options.checkpoint);
}

}  // namespace relatum::arch
