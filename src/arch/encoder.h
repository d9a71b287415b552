// The encoder that families of sentence embedders share: post-norm layers that see both directions,
// with learned positions (Devlin et al. 2018, arXiv 1810.04805). A family's file (arch/models) says
// what its settings and tensors are called; what it does differently is one of the settings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arch/family.h"
#include "arch/model.h"
#include "arch/relative_bias.h"
#include "nn/activation.h"

namespace relatum::arch {

/// Names of a layer's tensors in Hugging Face's files, without ".weight" and ".bias".
struct EncoderNames {
  std::string_view stack;  ///< what stands before a layer's number, e.g. "bert.encoder.layer."
  std::string_view query, key, value, output, attention_norm, up, down, ffn_norm;
};

struct EncoderSettings {
  ModelInfo info;     ///< all but the parameters, which the tensors tell
  float epsilon = 0;  ///< of the norms
  nn::Activation activation = nn::Activation::kGelu;
  std::string embeddings;      ///< before the tables' names, e.g. "bert.embeddings."
  int64_t first_position = 0;  ///< row of the table of positions that a row's first token reads
  int64_t types = 0;           ///< rows of the table of types, whose first counts; 0: no table
  /// Buckets of distances, each a value per head that all layers add to their scores; 0: none.
  int64_t buckets = 0;
  EncoderNames names;
};

/// What config.json calls a family's settings, where families differ.
struct EncoderKeys {
  std::string_view layers = "num_hidden_layers", width = "hidden_size";
  std::string_view heads = "num_attention_heads", ffn_width = "intermediate_size";
  std::string_view activation = "hidden_act";
  std::string_view epsilon = "layer_norm_eps";  ///< empty: it has no key
};

/// Settings whose other values would make another network, for families' Spare.
inline constexpr NeutralSetting kEncoderNeutral[] = {
    {"is_decoder", 0}, {"add_cross_attention", 0}, {"is_encoder_decoder", 0}, {"is_causal", 0}};

/// Sizes, activation and kind of positions. Throws Error that names what is not supported, a GGUF
/// file among it.
EncoderSettings read_encoder_settings(const ModelFiles& files, std::string_view family,
                                      const EncoderKeys& keys);

/// For families that count places from behind the padding's id: the table's rows up to that one
/// stand for no place of a row, so the context is that much shorter. Throws Error where no row is
/// left.
void skip_padding(const ModelFiles& files, int64_t padding, EncoderSettings& settings);

class Encoder final : public Model {
 public:
  Encoder(const ModelFiles& files, const LoadOptions& options, EncoderSettings settings);

  /// Throws Error for a row that is longer than the context.
  nn::Var forward(nn::Graph& graph, const nn::TokenBatch& batch,
                  const ForwardOptions& options) const override;
  std::vector<const nn::Linear*> linears() const override;
  const nn::Linear* head() const override { return nullptr; }
  std::vector<nn::Linear*> mutable_linears() override;
  std::vector<NamedWeight> open_weights() override;

 private:
  friend class EncoderPass;
  struct Norm {
    Weight weight, bias;
  };
  struct Layer {
    nn::Linear qkv, output, up, down;
    Norm attention_norm, ffn_norm;
  };
  nn::Linear load_linear(const ModelFiles& files, const LoadOptions& options, int64_t index,
                         std::initializer_list<std::string_view> names);
  Norm load_norm(const ModelFiles& files, const std::string& name) const;
  nn::Var norm(nn::Graph& graph, const Norm& n, nn::Var x) const;
  void load_bias(const ModelFiles& files);
  nn::Var embed(nn::Graph& graph, const nn::TokenBatch& batch) const;

  EncoderSettings settings_;
  Weight words_, positions_, types_;
  Norm norm_;
  RelativeBias bias_;
  std::vector<Layer> layers_;
};

}  // namespace relatum::arch
