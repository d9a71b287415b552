// Token embeddings, decoded row by row from whatever format they are stored in.
#pragma once

#include <cstdint>
#include <span>

#include "nn/batch.h"
#include "nn/graph.h"
#include "nn/lora.h"
#include "tensor/mat.h"
#include "tensor/weight.h"

namespace relatum::arch {

/// Where the gradient of a table is added; no data where the graph does not train it.
MatView<float> gradient_of(const nn::Graph& graph, const Weight& table);
/// out[i] = row tokens[i] of the table. table: V x D; out: T x D. Error for an id outside V.
void embed_tokens(const Weight& table, std::span<const int32_t> tokens, MatView<float> out);
/// The same into a new value of the graph. The tokens outlive its backward pass.
/// backward: dtable[tokens[i]] += dy[i] where the graph trains the table.
nn::Var embed(nn::Graph& graph, const Weight& table, std::span<const int32_t> tokens);

/// The network's own table, and where adapters have one that takes its place.
struct EmbeddingTable {
  const Weight& base;
  const Weight* nn::LoraSet::*of_adapter;
};
/// The tokens of a batch, each from the table of its adapter: the one that its tree names, or `all`
/// (nullptr: none). Several of them in a pass that is recorded are a mistake.
nn::Var embed(nn::Graph& graph, const EmbeddingTable& table, const nn::TokenBatch& batch,
              const nn::LoraSet* all);

}  // namespace relatum::arch
