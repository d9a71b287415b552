// Row look-up in a stored embedding table.
#include "arch/embedding.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/parallel_for.h"
#include "kernels/rows.h"
#include "quant/format.h"
#include "tensor/values.h"

namespace relatum::arch {

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
  float* grad = table.format == "f32" && !table.mapped ? graph.gradient_of(values_of(table))
                                                       : nullptr;
  const nn::Var x = graph.create(DType::kF32, rows, table.cols, grad != nullptr);
  embed_tokens(table, tokens, graph.value(x).as<float>());
  if (grad) graph.record(EmbedRecord{x, tokens.data(), {grad, table.rows, table.cols}});
  return x;
}

}  // namespace relatum::arch
