// The decoder that families of language models share: RMSNorm, rotary grouped-query attention,
// SwiGLU. A family's file (arch/models) reads its settings; what it does differently is one of
// them.
#pragma once

#include <string_view>
#include <vector>

#include "arch/family.h"
#include "arch/model.h"
#include "arch/rope.h"

namespace relatum::arch {

struct DecoderSettings {
  ModelInfo info;      ///< all but vocabulary and parameters, which the tensors tell
  float epsilon = 0;   ///< of the norms
  float scale = 1.0f;  ///< of attention's scores
  Rope rope;
  /// How many positions a query sees, its own among them; 0: all before it. The layers have these
  /// in turn, over and over.
  std::vector<int64_t> windows{0};
};

/// Names of tensors are those of Llama in both worlds. Products add a bias where config.json's
/// attention_bias and mlp_bias say so, or where a GGUF file has its tensor.
class Decoder final : public Model {
 public:
  Decoder(const ModelFiles& files, const LoadOptions& options, DecoderSettings settings);

  nn::Var forward(nn::Graph& graph, const nn::TokenBatch& batch,
                  const ForwardOptions& options) const override;
  std::vector<const nn::Linear*> linears() const override;
  const nn::Linear* head() const override { return &head_; }
  std::vector<nn::Linear*> mutable_linears() override;
  std::vector<NamedWeight> open_weights() override;

 private:
  friend class DecoderPass;
  struct Layer {
    Weight attention_norm, ffn_norm;
    nn::Linear qkv, output, gate_up, down;
  };
  struct Projection;
  nn::Linear load_linear(const ModelFiles& files, const LoadOptions& options, int64_t index,
                         std::span<const Projection> projections, const char* flag);
  Layer load_layer(const ModelFiles& files, const LoadOptions& options, int64_t index);

  DecoderSettings settings_;
  Weight embedding_;
  Weight final_norm_;
  std::vector<Layer> layers_;
  nn::Linear head_;
};

}  // namespace relatum::arch
