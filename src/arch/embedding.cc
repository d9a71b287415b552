// Row look-up in a stored embedding table.
#include "arch/embedding.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/parallel_for.h"
#include "quant/format.h"

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

}  // namespace relatum::arch
