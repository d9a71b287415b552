// The decoder that families of language models share: RMSNorm, rotary grouped-query attention, a
// gated MLP. A family's file (arch/models) reads its settings; what it does differently is one of
// them.
#pragma once

#include <string_view>
#include <vector>

#include "arch/family.h"
#include "arch/model.h"
#include "arch/rope.h"
#include "nn/activation.h"
#include "nn/norm.h"

namespace relatum::arch {

/// What the layers of a network differ in.
struct LayerKind {
  int64_t window = 0;  ///< positions that a query sees, its own among them; 0: all before it
  size_t rope = 0;     ///< which of the settings' rotations turns its queries and keys
};

struct DecoderSettings {
  ModelInfo info;      ///< all but what the tensors tell, and the number of rotations
  float epsilon = 0;   ///< of the norms
  float scale = 1.0f;  ///< of attention's scores
  std::vector<Rope> ropes;
  std::vector<LayerKind> layers{{}};  ///< in turn, over and over
  nn::Activation gate = nn::Activation::kSilu;
  float embedding_scale = 1.0f;  ///< what token embeddings are multiplied by
  float norm_shift = 0;          ///< what norms add to their stored weights
  bool tied = false;             ///< the head is the embedding where config.json does not say
  bool fused = false;            ///< q, k and v are stored as one projection, gate and up, too
  bool qkv_bias = false;         ///< q, k and v have biases though no setting says so
  bool paired_rows = false;      ///< GGUF has the rows of rotary heads in pairs
};

/// Tensors have Llama's names in both worlds; what other families have beside them (norms of heads
/// and behind a product, fused projections) has the names of those. Products add a bias where the
/// settings or config.json's attention_bias and mlp_bias say so, or where a GGUF file has its
/// tensor.
class Decoder final : public Model {
 public:
  Decoder(const ModelFiles& files, const LoadOptions& options, DecoderSettings settings);

  nn::Var forward(nn::Graph& graph, const nn::TokenBatch& batch,
                  const ForwardOptions& options) const override;
  std::vector<const nn::Linear*> linears() const override;
  const nn::Linear* head() const override { return &head_; }
  const Weight* embedding() const override { return &embedding_; }
  std::vector<nn::Linear*> mutable_linears() override;
  std::vector<NamedWeight> open_weights() override;

 private:
  friend class DecoderPass;
  // Norms that the family does not have are empty.
  struct Layer {
    Weight attention_norm, ffn_norm, query_norm, key_norm, behind_attention, behind_ffn;
    nn::Linear qkv, output, gate_up, down;
  };
  struct Projection;
  nn::Linear load_linear(const ModelFiles& files, const LoadOptions& options, int64_t index,
                         std::span<const Projection> projections, const char* flag);
  Layer load_layer(const ModelFiles& files, const LoadOptions& options, int64_t index);
  void load_norms(const ModelFiles& files, int64_t index, Layer& layer) const;
  nn::NormWeight norm(const Weight& weight) const;

  DecoderSettings settings_;
  Weight embedding_;
  Weight final_norm_;
  std::vector<Layer> layers_;
  nn::Linear head_;
};

}  // namespace relatum::arch
