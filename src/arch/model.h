// What every architecture offers: one forward pass, its linears by name, and its figures.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arch/gguf_names.h"
#include "nn/batch.h"
#include "nn/cache.h"
#include "nn/graph.h"
#include "nn/linear.h"

namespace relatum::arch {

/// What other rooms need to know of a model, and no more.
struct ModelInfo {
  std::string family;  ///< e.g. "llama"
  std::string path;    ///< the file or folder it came from
  int64_t layers = 0, width = 0, heads = 0, kv_heads = 0, head_size = 0, ffn_width = 0;
  int64_t vocabulary = 0;
  int64_t context = 0;  ///< longest row in tokens
  bool causal = true;   ///< false: an encoder
  /// Of an encoder-decoder: layers beside those of the decoder (`layers`), and the token that each
  /// of the decoder's rows begins with. No encoder: 0.
  int64_t encoder_layers = 0;
  int32_t decoder_start = 0;
  int64_t parameters = 0;
  bool own_head = false;  ///< the head has weights beside the embedding's
  /// What a decoder's passes hold beside their products (train/pass_memory): sets of rotary angles,
  /// norms of each head's queries and keys, norms behind attention and MLP.
  int64_t ropes = 1;
  bool head_norms = false, norms_behind = false;
};

/// Throws Error where a size that a file gave for the layers, widths, heads or context cannot be.
/// Vocabulary and head size come from elsewhere and are not looked at.
void check_sizes(const ModelInfo& info);

struct ForwardOptions {
  /// Tokens whose final states are wanted; empty: all.
  std::span<const int64_t> rows;
  nn::CacheUse cache;
  /// The adapter of this pass; nullptr: the base alone, or those that the batch's trees name
  /// (nn::TokenBatch::use_adapter). Outlives the graph's backward pass.
  const nn::LoraSet* adapter = nullptr;
  /// Keep only the layers' inputs and compute the rest again in the backward pass.
  bool checkpoint = false;
  /// Apply the adapter's dropout, with masks from this salt and the batch's keys.
  bool dropout = false;
  uint64_t dropout_salt = 0;
  /// The network's own dropout, behind its embeddings and what its layers add, with masks from the
  /// same salt; of an encoder alone (others have none). Not that of attention's weights.
  float own_dropout = 0;
  /// For finding faults: called with what the embedding (-1), each layer and the last norm (the
  /// number of layers; not of an encoder) give. An encoder-decoder counts its encoder's layers
  /// first.
  const std::function<void(int64_t layer, Mat values)>* probe = nullptr;
};

/// A tensor of a network by its name in Hugging Face's files.
struct NamedWeight {
  std::string name;
  Weight* weight = nullptr;
  bool table = false;  ///< a matrix, though it may have one row alone
};

/// Passes change nothing in it: once it is loaded and prepared, any number of threads may share it.
class Model {
 public:
  virtual ~Model() = default;
  const ModelInfo& info() const { return info_; }
  /// What its linears are called in GGUF files, whatever it was read from; load_model() sets it.
  const GgufNames& gguf_names() const { return gguf_names_; }
  void set_gguf_names(GgufNames names) { gguf_names_ = std::move(names); }

  /// Final states after the last norm, |rows| x D: in the compute type, f32 for an encoder. The
  /// batch, the options' spans and the model must outlive the graph's backward pass. Token ids are
  /// below V.
  virtual nn::Var forward(nn::Graph& graph, const nn::TokenBatch& batch,
                          const ForwardOptions& options) const = 0;
  /// All linears that may carry an adapter, in order of layers (the head is not among them).
  virtual std::vector<const nn::Linear*> linears() const = 0;
  /// Those of them whose inputs are rows of an encoder beside the decoder.
  virtual std::vector<const nn::Linear*> source_linears() const { return {}; }
  /// The linears of one layer among linears(), first and last + 1. Layers as for a probe.
  virtual std::pair<size_t, size_t> linears_of_layer(int64_t layer) const {
    const size_t each = linears().size() / size_t(info_.layers);
    return {size_t(layer) * each, size_t(layer + 1) * each};
  }
  /// D to V; nullptr for an encoder.
  virtual const nn::Linear* head() const = 0;
  /// V x D, of tokens; nullptr for an embedder, whose own is nobody else's business.
  virtual const Weight* embedding() const { return nullptr; }
  /// The same, to prepare them before the first pass; the head is the last where there is one.
  virtual std::vector<nn::Linear*> mutable_linears() = 0;
  /// For training the network itself, before the first pass: all its tensors, whose place in memory
  /// may then be changed (train/full_weights.h). A linear's parts follow one another; of tensors
  /// that share their bytes the first one names them. Throws Error that names what cannot be
  /// trained.
  virtual std::vector<NamedWeight> open_weights() = 0;
  /// As embedding(), of an encoder's tokens beside a decoder.
  virtual const Weight* source_embedding() const { return embedding(); }

 protected:
  ModelInfo info_;

 private:
  GgufNames gguf_names_;
};

/// The named linears of each layer, layer after layer: nn::Linear of layers that may be changed,
/// const nn::Linear of others.
template <class Linear, class Layers, class... Members>
std::vector<Linear*> linears_of(Layers& layers, Members... members) {
  std::vector<Linear*> all;
  for (auto& layer : layers) (all.push_back(&(layer.*members)), ...);
  return all;
}

/// The weights of a linear's parts behind those that are there, then its biases.
void add_parts(nn::Linear& linear, std::vector<NamedWeight>& all);

}  // namespace relatum::arch
