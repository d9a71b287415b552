// Stretches of rows, and the products that each needs.
#include "nn/several_adapters.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/parallel_for.h"
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

// One adapter's pairs on its rows: what they read, and what they are added to.
struct PairRows {
  const LoraGroup* lora;
  ConstMat x;
  Mat y;
};

// Where other rows stand behind y's, a general product would be compiled for each number of rows
// that ever comes; so it gets room of its own.
void add_pairs(Graph& graph, const PairRows& pair) {
  const Arena::Mark mark = graph.arena().mark();
  const Mat& y = pair.y;
  LoraTrace forgotten;
  if (y.spare >= kernels::rounded_rows(y.rows) - y.rows) {
    lora_forward(graph, *pair.lora, pair.x, y, forgotten);
  } else {
    const Mat product = graph.allocate(y.type, y.rows, y.cols);
    std::memset(product.data, 0, size_t(y.rows * y.cols) * size_of(y.type));
    lora_forward(graph, *pair.lora, pair.x, product, forgotten);
    kernels::add_columns(product, {}, 1.0f, y);
  }
  graph.arena().release(mark);
}

// Threads take blocks of rows of any adapter: with a few rows of each of many adapters, a team for
// each product would cost more than the product.
void add_fused(Graph& graph, std::span<const PairRows> pairs) {
  constexpr int64_t kBlock = 64;  // rows; what a factor's layout costs counts little from here on
  struct Block {
    const PairRows* pair;
    Mat low;
    int64_t begin, count;
  };
  const Arena::Mark mark = graph.arena().mark();
  int64_t count = 0;
  for (const PairRows& pair : pairs) count += (pair.y.rows + kBlock - 1) / kBlock;
  auto* blocks = graph.arena().allocate_array<Block>(count);
  Block* next = blocks;
  for (const PairRows& pair : pairs) {
    const Mat low = graph.allocate(DType::kBF16, pair.y.rows, pair.lora->a.rows);
    for (int64_t begin = 0; begin < low.rows; begin += kBlock) {
      const int64_t rows = std::min(kBlock, low.rows - begin);
      *next++ = {&pair, low.rows_from(begin, rows), begin, rows};
    }
  }
  parallel_each(count, [&](int64_t b) {
    const Block& block = blocks[b];
    lora_forward_fused(*block.pair->lora, block.pair->x.rows_from(block.begin, block.count),
                       block.low, block.pair->y.rows_from(block.begin, block.count));
  });
  graph.arena().release(mark);
}

void add_all(Graph& graph, std::span<const PairRows> pairs) {
  const bool fused = std::all_of(pairs.begin(), pairs.end(), [&](const PairRows& pair) {
    return lora_is_fused(graph, *pair.lora);
  });
  if (fused) return add_fused(graph, pairs);
  for (const PairRows& pair : pairs) add_pairs(graph, pair);
}

class RowsOfAdapters {
 public:
  RowsOfAdapters(Graph& graph, const Linear& layer, ConstMat x, Mat y, ConstMat add)
      : graph_(graph), layer_(layer), x_(x), y_(y), add_(add) {}

  // Neighbouring stretches that are all scaled, or all not.
  void run(std::span<const AdapterRows> stretches) {
    const Arena::Mark mark = graph_.arena().mark();
    const AdapterRows& last = stretches.back();
    const Rows all{stretches[0].begin, last.begin + last.count - stretches[0].begin};
    if (scaled(stretches[0])) {
      run_scaled(stretches, all);
    } else {
      const Mat y = y_.rows_from(all.begin, all.count);
      layer_.multiply(graph_, read_rows(x_, all), y, read_rows(add_, all));
      add_all(graph_, pairs_of(stretches, y, all.begin, false));
      add_all(graph_, pairs_of(stretches, y, all.begin, true));
    }
    graph_.arena().release(mark);
  }
  bool scaled(const AdapterRows& stretch) const {
    const LoraGroup* lora = group(stretch);
    return lora && lora->scaled();
  }

 private:
  const LoraGroup* group(const AdapterRows& stretch) const {
    return stretch.adapter ? stretch.adapter->of(layer_) : nullptr;
  }
  // Those that have pairs, in the arena; y: from row `first` on. frozen: the twins that some have.
  std::span<const PairRows> pairs_of(std::span<const AdapterRows> stretches, Mat y, int64_t first,
                                     bool frozen) {
    auto* pairs = graph_.arena().allocate_array<PairRows>(int64_t(stretches.size()));
    size_t count = 0;
    for (const AdapterRows& stretch : stretches) {
      const LoraGroup* lora = group(stretch);
      if (lora && frozen) lora = lora->frozen;
      if (!lora) continue;
      pairs[count++] = {lora, read_rows(x_, {stretch.begin, stretch.count}),
                        y.rows_from(stretch.begin - first, stretch.count)};
    }
    return {pairs, count};
  }
  void run_scaled(std::span<const AdapterRows> stretches, const Rows& all) {
    const Mat product = graph_.allocate(y_.type, all.count, y_.cols);
    layer_.multiply_bare(graph_, read_rows(x_, all), product);
    add_all(graph_, pairs_of(stretches, product, all.begin, false));
    for (const AdapterRows& stretch : stretches) {
      const Rows rows{stretch.begin, stretch.count};
      kernels::scale_columns(product.rows_from(rows.begin - all.begin, rows.count),
                             group(stretch)->column_scale, 0.0f, layer_.bias(),
                             read_rows(add_, rows), y_.rows_from(rows.begin, rows.count));
    }
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
