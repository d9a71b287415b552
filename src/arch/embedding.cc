// Row look-up in a stored embedding table.
#include "arch/embedding.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/parallel_for.h"
#include "kernels/rows.h"
#include "nn/several_adapters.h"
#include "quant/format.h"
#include "tensor/values.h"

namespace relatum::arch {

MatView<float> gradient_of(const nn::Graph& graph, const Weight& table) {
  if (table.format != "f32" || table.mapped) return {};
  float* grad = graph.gradient_of(values_of(table));
  return grad ? MatView<float>(grad, table.rows, table.cols) : MatView<float>();
}

void embed_tokens(const Weight& table, std::span<const int32_t> tokens, MatView<float> out) {
  for (const int32_t token : tokens) {
    if (token < 0 || token >= table.rows) {
      fail("arch.embed", fmt::format("the tokenizer gives token {}, but the model's embedding "
                                     "has {} rows. Use the tokenizer that came with the model.",
                                     token, table.rows));
    }
  }
  const quant::Format& format = quant::format(table.format);
  parallel_for(int64_t(tokens.size()), 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      format.decode(table.data, table.size(), int64_t(tokens[size_t(i)]) * table.cols, table.cols,
                    out.row(i));
    }
  });
}

namespace {

struct EmbedRecord {
  nn::Var y;
  const int32_t* tokens;
  MatView<float> table_grad;

  void backward(nn::Graph& graph) const {
    const auto dy = graph.grad(y).as<float>();
    kernels::add_to_rows(dy, {tokens, size_t(dy.rows)}, table_grad);
  }
};

}  // namespace

nn::Var embed(nn::Graph& graph, const Weight& table, std::span<const int32_t> tokens) {
  const auto rows = int64_t(tokens.size());
  const MatView<float> grad = gradient_of(graph, table);
  const nn::Var x = graph.create(DType::kF32, rows, table.cols, grad.data != nullptr);
  embed_tokens(table, tokens, graph.value(x).as<float>());
  if (grad.data) graph.record(EmbedRecord{x, tokens.data(), grad});
  return x;
}

nn::Var embed(nn::Graph& graph, const EmbeddingTable& table, const nn::TokenBatch& batch,
              const nn::LoraSet* all) {
  const auto own = [&](const nn::LoraSet* adapter) -> const Weight& {
    const Weight* of_adapter = adapter ? adapter->*table.of_adapter : nullptr;
    return of_adapter ? *of_adapter : table.base;
  };
  const nn::AdapterUse use = nn::adapter_use(all, batch.adapters());
  if (use.rows.empty()) return embed(graph, own(use.adapter), batch.tokens());
  RELATUM_CHECK(!graph.recording());
  const nn::Var x = graph.create(DType::kF32, batch.size(), table.base.cols, false);
  const auto values = graph.value(x).as<float>();
  for (const nn::AdapterRows& rows : use.rows) {
    embed_tokens(own(rows.adapter),
                 std::span(batch.tokens()).subspan(size_t(rows.begin), size_t(rows.count)),
                 values.rows_from(rows.begin, rows.count));
  }
  return x;
}

}  // namespace relatum::arch
