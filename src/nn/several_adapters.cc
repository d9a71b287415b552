// Stretches of rows, and the products that each needs.
#include "nn/several_adapters.h"

#include <cstring>

#include "base/error.h"
#include "kernels/columns.h"
#include "kernels/gemm.h"

namespace relatum::nn {
namespace {

struct Rows {
  int64_t begin = 0, count = 0;
};

// The rows behind these are there, too, and may be read.
ConstMat read_rows(ConstMat m, const Rows& rows) {
  if (!m.data) return m;
  ConstMat part = m.rows_from(rows.begin, rows.count);
  part.spare = m.rows - rows.begin - rows.count + m.spare;
  return part;
}

// y += the pairs' products. Where other rows stand behind y's, a general product would be compiled
// for each number of rows that ever comes; so it gets room of its own.
void add_pairs(Graph& graph, const LoraGroup& lora, ConstMat x, Mat y) {
  const Arena::Mark mark = graph.arena().mark();
  LoraTrace forgotten;
  const bool room = y.spare >= kernels::rounded_rows(y.rows) - y.rows;
  if (room || lora_is_fused(graph, lora)) {
    lora_forward(graph, lora, x, y, forgotten);
  } else {
    const Mat product = graph.allocate(y.type, y.rows, y.cols);
    std::memset(product.data, 0, size_t(y.rows * y.cols) * size_of(y.type));
    lora_forward(graph, lora, x, product, forgotten);
    kernels::add_columns(product, {}, 1.0f, y);
  }
  graph.arena().release(mark);
}

class RowsOfAdapters {
 public:
  RowsOfAdapters(Graph& graph, const Linear& layer, ConstMat x, Mat y, ConstMat add)
      : graph_(graph), layer_(layer), x_(x), y_(y), add_(add) {}

  // Neighbouring stretches that are all scaled, or all not.
  void run(std::span<const AdapterRows> stretches) {
    const AdapterRows& last = stretches.back();
    const Rows all{stretches[0].begin, last.begin + last.count - stretches[0].begin};
    if (scaled(stretches[0])) return run_scaled(stretches, all);
    layer_.multiply(graph_, read_rows(x_, all), y_.rows_from(all.begin, all.count),
                    read_rows(add_, all));
    for (const AdapterRows& stretch : stretches) {
      const LoraGroup* lora = group(stretch);
      if (!lora) continue;
      const Rows rows{stretch.begin, stretch.count};
      const Mat y = y_.rows_from(rows.begin, rows.count);
      add_pairs(graph_, *lora, read_rows(x_, rows), y);
      if (lora->frozen) add_pairs(graph_, *lora->frozen, read_rows(x_, rows), y);
    }
  }
  bool scaled(const AdapterRows& stretch) const {
    const LoraGroup* lora = group(stretch);
    return lora && lora->scaled();
  }

 private:
  const LoraGroup* group(const AdapterRows& stretch) const {
    return stretch.adapter ? stretch.adapter->of(layer_) : nullptr;
  }
  void run_scaled(std::span<const AdapterRows> stretches, const Rows& all) {
    const Arena::Mark mark = graph_.arena().mark();
    const Mat product = graph_.allocate(y_.type, all.count, y_.cols);
    layer_.multiply_bare(graph_, read_rows(x_, all), product);
    for (const AdapterRows& stretch : stretches) {
      const LoraGroup& lora = *group(stretch);
      const Rows rows{stretch.begin, stretch.count};
      const Mat own = product.rows_from(rows.begin - all.begin, rows.count);
      add_pairs(graph_, lora, read_rows(x_, rows), own);
      kernels::scale_columns(own, lora.column_scale, 0.0f, layer_.bias(), read_rows(add_, rows),
                             y_.rows_from(rows.begin, rows.count));
    }
    graph_.arena().release(mark);
  }

  Graph& graph_;
  const Linear& layer_;
  ConstMat x_;
  Mat y_;
  ConstMat add_;
};

}  // namespace

AdapterUse adapter_use(const LoraSet* all, std::span<const AdapterRows> named) {
  RELATUM_CHECK(!all || named.empty());
  AdapterUse use;
  use.adapter = all;
  if (named.size() == 1) use.adapter = named[0].adapter;
  if (named.size() > 1) use.rows = named;
  return use;
}

void linear_rows(Graph& graph, const Linear& layer, ConstMat x, Mat y, ConstMat add,
                 std::span<const AdapterRows> rows) {
  RELATUM_CHECK(!graph.recording());
  RELATUM_CHECK(rows.back().begin + rows.back().count == x.rows);
  RowsOfAdapters runs(graph, layer, x, y, add);
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin + 1;
    while (end < rows.size() && runs.scaled(rows[end]) == runs.scaled(rows[begin])) ++end;
    runs.run(rows.subspan(begin, end - begin));
    begin = end;
  }
}

}  // namespace relatum::nn
