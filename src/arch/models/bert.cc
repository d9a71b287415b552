// BERT encoders: learned positions, post-norm layers, GELU (Devlin et al. 2018).
#include <fmt/format.h>

#include <cmath>

#include "arch/embedding.h"
#include "arch/family.h"
#include "base/error.h"
#include "nn/activation.h"
#include "nn/attention.h"
#include "nn/layers.h"
#include "nn/norm.h"
#include "nn/take_rows.h"

namespace relatum::arch {
namespace {

struct Norm {
  std::vector<float> weight, bias;
};

struct Layer {
  nn::Linear qkv, output, up, down;
  Norm attention_norm, ffn_norm;
};

class Bert final : public Model {
 public:
  Bert(const ModelFiles& files, const LoadOptions& options);
  nn::Var forward(nn::Graph& graph, const nn::TokenBatch& batch,
                  const ForwardOptions& options) const override;
  std::vector<const nn::Linear*> linears() const override;
  const nn::Linear* head() const override { return nullptr; }
  std::vector<nn::Linear*> mutable_linears() override;

 private:
  friend class Pass;
  void read_settings(const ModelFiles& files);
  void embed(const nn::TokenBatch& batch, MatView<float> out) const;

  float epsilon_ = 0;
  Weight words_, positions_, types_;
  Norm norm_;
  std::vector<Layer> layers_;
};

class Pass final : public nn::LayerStack {
 public:
  Pass(const Bert& model, const nn::TokenBatch& batch, const ForwardOptions& options)
      : model_(model), batch_(batch),
        probe_(options.probe), use_{options.adapter, {}, options.dropout_salt} {
    if (options.dropout) use_.keys = batch.keys();
  }
  int64_t layers() const override { return int64_t(model_.layers_.size()); }
  nn::Var run(nn::Graph& graph, int64_t index, nn::Var x) const override {
    const Layer& layer = model_.layers_[size_t(index)];
    const ModelInfo& info = model_.info_;
    const nn::AttentionSettings settings{
        {info.heads, info.heads, info.head_size, 1.0f / std::sqrt(float(info.head_size))},
        {},
        index,
        {}};
    nn::Var h = nn::linear(graph, layer.qkv, nn::to_compute(graph, x), use_);
    h = nn::attention(graph, h, batch_, settings);
    x = norm(graph, layer.attention_norm, nn::linear_residual(graph, layer.output, h, x, use_));
    h = nn::activate(graph, nn::Activation::kGelu,
                     nn::linear(graph, layer.up, nn::to_compute(graph, x), use_));
    x = norm(graph, layer.ffn_norm, nn::linear_residual(graph, layer.down, h, x, use_));
    if (probe_) (*probe_)(index, graph.value(x));
    return x;
  }

 private:
  nn::Var norm(nn::Graph& graph, const Norm& n, nn::Var x) const {
    return nn::layernorm(graph, x, n.weight.data(), n.bias.data(), model_.epsilon_);
  }
  const Bert& model_;
  const nn::TokenBatch& batch_;
  const std::function<void(int64_t, Mat)>* probe_;
  nn::AdapterUse use_;
};

void Bert::read_settings(const ModelFiles& files) {
  if (!files.config()) {
    fail("arch.bert", fmt::format("{}: a BERT in GGUF form is not read. Use the Hugging Face "
                                  "folder.",
                                  files.path().string()));
  }
  info_.family = "bert";
  info_.causal = false;
  info_.path = files.path().string();
  info_.layers = files.get_int("num_hidden_layers", "");
  info_.width = files.get_int("hidden_size", "");
  info_.heads = info_.kv_heads = files.get_int("num_attention_heads", "");
  info_.ffn_width = files.get_int("intermediate_size", "");
  info_.context = files.get_int("max_position_embeddings", "");
  info_.vocabulary = files.get_int("vocab_size", "");
  epsilon_ = float(files.get_double("layer_norm_eps", "", 1e-12));
  check_sizes(info_);
  if (info_.vocabulary <= 0) {
    fail("arch.bert", fmt::format("{}: a vocabulary of {} words cannot be. The file is damaged.",
                                  info_.path, info_.vocabulary));
  }
  if (info_.width % info_.heads) {
    fail("arch.bert", fmt::format("{}: {} heads do not divide a width of {}.", info_.path,
                                  info_.heads, info_.width));
  }
  info_.head_size = info_.width / info_.heads;
  if (const int64_t size = files.get_int("embedding_size", "", info_.width); size != info_.width) {
    fail("arch.bert", fmt::format("{}: an embedding_size of {} beside a hidden_size of {} is not "
                                  "supported.",
                                  files.settings_place(), size, info_.width));
  }
  const std::string place = files.settings_place();
  const std::string activation = files.get_string("hidden_act", "", "gelu");
  const std::string position = files.get_string("position_embedding_type", "", "absolute");
  if (activation != "gelu" || position != "absolute") {
    fail("arch.bert", fmt::format("{}: activation '{}' with {} positions is not known. Known are "
                                  "gelu and absolute.",
                                  place, activation, position));
  }
}

// Loads what one layer needs; names are Hugging Face's below "encoder.layer.N".
class LayerLoader {
 public:
  LayerLoader(const ModelFiles& files, const LoadOptions& options, int64_t index, ModelInfo& info)
      : files_(files), options_(options), info_(info),
        prefix_(fmt::format("bert.encoder.layer.{}.", index)) {}

  nn::Linear linear(std::initializer_list<std::string_view> names, int64_t rows, int64_t cols) {
    std::vector<nn::Linear::Part> parts;
    std::vector<float> biases;
    for (const std::string_view name : names) {
      const std::string base = fmt::format("{}{}", prefix_, name);
      const Weight weight = files_.weight({base + ".weight", ""}, rows, cols);
      const auto bias = files_.vector({base + ".bias", ""}, rows);
      parts.push_back({base, to_base(weight, options_.base)});
      biases.insert(biases.end(), bias.begin(), bias.end());
      info_.parameters += weight.size() + rows;
    }
    return nn::Linear(std::move(parts), std::move(biases));
  }
  Norm norm(std::string_view name) {
    const std::string base = fmt::format("{}{}", prefix_, name);
    return {files_.vector({base + ".weight", ""}, info_.width),
            files_.vector({base + ".bias", ""}, info_.width)};
  }

 private:
  const ModelFiles& files_;
  const LoadOptions& options_;
  ModelInfo& info_;
  std::string prefix_;
};

Bert::Bert(const ModelFiles& files, const LoadOptions& options) {
  read_settings(files);
  const int64_t d = info_.width;
  const std::string prefix = "bert.embeddings.";
  words_ = files.weight({prefix + "word_embeddings.weight", ""}, info_.vocabulary, d);
  positions_ = files.weight({prefix + "position_embeddings.weight", ""}, info_.context, d);
  types_ = files.weight({prefix + "token_type_embeddings.weight", ""},
                        files.get_int("type_vocab_size", "", 2), d);
  norm_ = {files.vector({prefix + "LayerNorm.weight", ""}, d),
           files.vector({prefix + "LayerNorm.bias", ""}, d)};
  info_.parameters = words_.size() + positions_.size() + types_.size();
  for (int64_t i = 0; i < info_.layers; ++i) {
    LayerLoader load(files, options, i, info_);
    Layer layer;
    layer.qkv = load.linear({"attention.self.query", "attention.self.key", "attention.self.value"},
                            d, d);
    layer.output = load.linear({"attention.output.dense"}, d, d);
    layer.up = load.linear({"intermediate.dense"}, info_.ffn_width, d);
    layer.down = load.linear({"output.dense"}, d, info_.ffn_width);
    layer.attention_norm = load.norm("attention.output.LayerNorm");
    layer.ffn_norm = load.norm("output.LayerNorm");
    layers_.push_back(std::move(layer));
  }
}

std::vector<const nn::Linear*> Bert::linears() const {
  return linears_of<const nn::Linear>(layers_, &Layer::qkv, &Layer::output, &Layer::up,
                                      &Layer::down);
}

std::vector<nn::Linear*> Bert::mutable_linears() {
  return linears_of<nn::Linear>(layers_, &Layer::qkv, &Layer::output, &Layer::up, &Layer::down);
}

void Bert::embed(const nn::TokenBatch& batch, MatView<float> out) const {
  embed_tokens(words_, batch.tokens(), out);
  Matrix<float> rows(out.rows, out.cols), type(1, out.cols);
  if (batch.max_position() >= info_.context) {
    fail("arch.bert", fmt::format("a row of {} tokens is longer than the {} positions of {}.",
                                  batch.max_position() + 1, info_.context, info_.path));
  }
  embed_tokens(positions_, batch.positions(), rows.view());
  const int32_t first = 0;
  embed_tokens(types_, {&first, 1}, type.view());
  for (int64_t t = 0; t < out.rows; ++t) {
    for (int64_t i = 0; i < out.cols; ++i) out.row(t)[i] += rows.row(t)[i] + type.row(0)[i];
  }
}

nn::Var Bert::forward(nn::Graph& graph, const nn::TokenBatch& batch,
                      const ForwardOptions& options) const {
  nn::Var x = graph.create(DType::kF32, batch.size(), info_.width, false);
  embed(batch, graph.value(x).as<float>());
  x = nn::layernorm(graph, x, norm_.weight.data(), norm_.bias.data(), epsilon_);
  if (options.probe) (*options.probe)(-1, graph.value(x));
  const Pass& pass = graph.arena().make<Pass>(*this, batch, options);
  x = nn::run_layers(graph, pass, x, options.checkpoint);
  if (!options.rows.empty()) x = nn::take_rows(graph, x, options.rows);
  return x;
}

}  // namespace

const Family& family_bert() {
  static constexpr std::string_view kTypes[] = {"bert"};
  // Buffers of a place's number and of type 0, which are counted here, and heads that read the
  // encoder's states: none has a part in the states themselves.
  static constexpr std::string_view kTensors[] = {"embeddings.position_ids",
                                                  "embeddings.token_type_ids",
                                                  "pooler.*",
                                                  "cls.*",
                                                  "classifier.*",
                                                  "qa_outputs.*"};
  // They describe such heads (pooler_…, directionality: the first BERT's own files), or how the
  // word head's weights are stored.
  static constexpr std::string_view kKeys[] = {"pooler_*", "classifier_*", "tie_word_embeddings"};
  static constexpr NeutralSetting kNeutral[] = {
      {"is_decoder", 0}, {"add_cross_attention", 0}, {"is_encoder_decoder", 0}, {"is_causal", 0}};
  static const Family family{"bert", kTypes, false, {kTensors, kKeys, kNeutral}, load_as<Bert>};
  return family;
}

}  // namespace relatum::arch
