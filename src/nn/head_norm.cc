// Forward and record of the heads' norms.
#include "nn/head_norm.h"

#include "base/error.h"
#include "kernels/rows.h"

namespace relatum::nn {
namespace {

// The weights of one norm as it multiplies by them, and what its backward pass needs.
struct Side {
  int64_t begin, cols;  // of qkv's columns
  const float* weight;
  float* weight_grad;  // K; nullptr: frozen
  float* rstd;         // T x heads; nullptr: no backward pass

  Mat of(Mat x) const { return x.cols_from(begin, cols); }
};

struct HeadNormRecord {
  Var x, y;
  Side queries, keys;
  int64_t head_size;

  void backward(Graph& graph) const {
    const Mat in = graph.value(x), dy = graph.grad(y);
    for (const Side& side : {queries, keys}) {
      if (!side.weight_grad) continue;
      kernels::rmsnorm_heads_weight_gradient(side.of(dy), side.of(in), head_size, side.rstd,
                                             side.weight_grad);
    }
    if (!graph.differentiable(x)) return;
    bool add = false;
    const Mat dx = graph.grad_to_write(x, add);
    RELATUM_CHECK(!add);
    for (const Side& side : {queries, keys}) {
      kernels::rmsnorm_heads_backward(side.of(dy), side.of(in), head_size, side.weight, side.rstd,
                                      side.of(dx));
    }
    const int64_t values = keys.begin + keys.cols;
    kernels::convert(dy.cols_from(values, dy.cols - values),
                     dx.cols_from(values, dx.cols - values));
  }
};

}  // namespace

Var norm_heads(Graph& graph, Var qkv, const HeadNorms& norms) {
  const Mat in = graph.value(qkv);
  const int64_t size = norms.head_size;
  RELATUM_CHECK(in.cols == (norms.heads + 2 * norms.kv_heads) * size);
  Side queries{0, norms.heads * size, weights_of(graph, norms.queries, size),
               graph.gradient_of(norms.queries.values), nullptr};
  Side keys{queries.cols, norms.kv_heads * size, weights_of(graph, norms.keys, size),
            graph.gradient_of(norms.keys.values), nullptr};
  const bool wanted = graph.differentiable(qkv) || queries.weight_grad || keys.weight_grad;
  const bool keep = graph.recording() && wanted;
  // Queries and keys before the norm are what the backward pass reads.
  const Var y = keep ? graph.create(in.type, in.rows, in.cols, true) : qkv;
  if (keep) {
    queries.rstd = graph.arena().allocate_array<float>(in.rows * norms.heads);
    keys.rstd = graph.arena().allocate_array<float>(in.rows * norms.kv_heads);
    const int64_t values = keys.begin + keys.cols;
    kernels::convert(in.cols_from(values, in.cols - values),
                     graph.value(y).cols_from(values, in.cols - values));
  }
  for (const Side& side : {queries, keys}) {
    kernels::rmsnorm_heads(side.of(in), size, side.weight, norms.epsilon, side.of(graph.value(y)),
                           side.rstd);
  }
  if (keep) graph.record(HeadNormRecord{qkv, y, queries, keys, size});
  return y;
}

}  // namespace relatum::nn
