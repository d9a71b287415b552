// One network for all families of encoders: its layers, and how they are loaded.
#include "arch/encoder.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "arch/embedding.h"
#include "base/error.h"
#include "nn/attention.h"
#include "nn/layers.h"
#include "nn/norm.h"
#include "nn/several_adapters.h"
#include "nn/take_rows.h"
#include "tensor/buffer.h"

namespace relatum::arch {
namespace {

constexpr int64_t kFarthest = 128;  // from this distance on, all share the last bucket

}  // namespace

// One forward pass over the layers.
class EncoderPass final : public nn::LayerStack {
 public:
  // Memory of its own lies in the arena: its destructor never runs.
  EncoderPass(const Encoder& model, const nn::TokenBatch& batch, const ForwardOptions& options,
              Arena& arena)
      : model_(model), batch_(batch), probe_(options.probe),
        use_(nn::adapter_use(options.adapter, batch.adapters())) {
    use_.step_salt = options.dropout_salt;
    if (options.dropout) use_.keys = batch.keys();
    if (!model.settings_.buckets) return;
    bias_ = model.bias_.filled(int64_t{batch.max_position()} + 1, arena);
  }
  int64_t layers() const override { return int64_t(model_.layers_.size()); }
  nn::Var run(nn::Graph& graph, int64_t index, nn::Var x) const override {
    const Encoder::Layer& layer = model_.layers_[size_t(index)];
    const ModelInfo& info = model_.info_;
    nn::AttentionSettings settings;
    settings.shape = {
        info.heads, info.heads, info.head_size, 1.0f / std::sqrt(float(info.head_size)), 0, bias_};
    settings.layer = index;
    nn::Var h = nn::linear(graph, layer.qkv, nn::to_compute(graph, x), use_);
    h = nn::attention(graph, h, batch_, settings);
    x = norm(graph, layer.attention_norm, nn::linear_residual(graph, layer.output, h, x, use_));
    h = nn::activate(graph, model_.settings_.activation,
                     nn::linear(graph, layer.up, nn::to_compute(graph, x), use_));
    x = norm(graph, layer.ffn_norm, nn::linear_residual(graph, layer.down, h, x, use_));
    if (probe_) (*probe_)(index, graph.value(x));
    return x;
  }

 private:
  nn::Var norm(nn::Graph& graph, const Encoder::Norm& n, nn::Var x) const {
    return nn::layernorm(graph, x, n.weight.data(), n.bias.data(), model_.settings_.epsilon);
  }
  const Encoder& model_;
  const nn::TokenBatch& batch_;
  const std::function<void(int64_t, Mat)>* probe_;
  nn::AdapterUse use_;
  MatView<const float> bias_;  // in the arena; no data: none
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
  return {files.vector({name + ".weight", ""}, info_.width),
          files.vector({name + ".bias", ""}, info_.width)};
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

void Encoder::embed(const nn::TokenBatch& batch, MatView<float> out) const {
  if (batch.max_position() >= info_.context) {
    fail("arch.encoder", fmt::format("a row of {} tokens is longer than the {} positions of {}.",
                                     batch.max_position() + 1, info_.context, info_.path));
  }
  embed_tokens(words_, batch.tokens(), out);
  std::vector<int32_t> places(batch.positions().begin(), batch.positions().end());
  for (int32_t& place : places) place += int32_t(settings_.first_position);
  Matrix<float> rows(out.rows, out.cols);
  embed_tokens(positions_, places, rows.view());
  std::vector<float> type(size_t(out.cols), 0.0f);
  const int32_t first = 0;
  if (settings_.types) embed_tokens(types_, {&first, 1}, {type.data(), 1, out.cols});
  for (int64_t t = 0; t < out.rows; ++t) {
    for (int64_t i = 0; i < out.cols; ++i) out.row(t)[i] += rows.row(t)[i] + type[size_t(i)];
  }
}

nn::Var Encoder::forward(nn::Graph& graph, const nn::TokenBatch& batch,
                         const ForwardOptions& options) const {
  nn::Var x = graph.create(DType::kF32, batch.size(), info_.width, false);
  embed(batch, graph.value(x).as<float>());
  x = nn::layernorm(graph, x, norm_.weight.data(), norm_.bias.data(), settings_.epsilon);
  if (options.probe) (*options.probe)(-1, graph.value(x));
  const auto& pass = graph.arena().make<EncoderPass>(*this, batch, options, graph.arena());
  x = nn::run_layers(graph, pass, x, options.checkpoint);
  if (!options.rows.empty()) x = nn::take_rows(graph, x, options.rows);
  return x;
}

}  // namespace relatum::arch
