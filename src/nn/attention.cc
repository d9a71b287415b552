// Rotation, cache and the record of attention.
#include "nn/attention.h"

#include <cstring>

#include "base/error.h"
#include "kernels/rows.h"

namespace relatum::nn {
namespace {

struct Parts {
  Mat q, k, v, qk;
};

Parts split(Mat qkv, const kernels::AttentionShape& s) {
  const int64_t q = s.heads * s.head_size, k = s.kv_heads * s.head_size;
  return {qkv.cols_from(0, q), qkv.cols_from(q, k), qkv.cols_from(q + k, k),
          qkv.cols_from(0, q + k)};
}

// Keys and values of rows into a layer of the cache, where `rows` says.
void store(KvCache& cache, int64_t layer, std::span<const int64_t> rows, Mat k, Mat v,
           const kernels::AttentionShape& shape) {
  const Mat keys = cache.keys(layer), values = cache.values(layer);
  const int64_t heads = shape.kv_heads, size = shape.head_size, capacity = cache.capacity();
  RELATUM_CHECK(keys.type == k.type && keys.rows == heads * capacity && keys.cols == size);
  const size_t bytes = size_t(size) * size_of(k.type);
  for (size_t t = 0; t < rows.size(); ++t) {
    const int64_t row = rows[t];
    if (row < 0) continue;
    RELATUM_CHECK(row < capacity);
    for (int64_t g = 0; g < heads; ++g) {
      const int64_t to = g * capacity + row;
      std::memcpy(keys.byte_at(to, 0), k.byte_at(int64_t(t), g * size), bytes);
      std::memcpy(values.byte_at(to, 0), v.byte_at(int64_t(t), g * size), bytes);
    }
  }
}

// The queries of a plan's groups, which do not overlap.
int64_t queries_of(const kernels::AttentionPlan& plan) {
  int64_t count = 0;
  for (const kernels::AttentionGroup& group : plan.groups) count += group.count;
  return count;
}

// y and the log-sum-exp of a plan, in the graph's arena. Rows that no group covers would be left
// as the arena had them.
Var attend(Graph& graph, const kernels::AttentionPlan& plan, const kernels::AttentionShape& shape,
           kernels::AttentionTensors& x, bool differentiable) {
  RELATUM_CHECK(queries_of(plan) == x.q.rows);
  const Var y = graph.create(x.q.type, x.q.rows, x.q.cols, differentiable);
  x.lse = graph.arena().allocate_array<float>(x.q.rows * shape.heads);
  x.out = graph.value(y);
  const Arena::Mark mark = graph.arena().mark();
  float* scratch = graph.arena().allocate_array<float>(
      kernels::attention_scratch_size(plan, shape, false));
  kernels::attention(plan, shape, x, scratch);
  graph.arena().release(mark);
  return y;
}

// dq, dk and dv are written, from dy.
struct Gradients {
  Mat dy, dq, dk, dv;
};

// Gradients of a plan's queries, keys and values; sums of the latter are made in f32.
void attend_back(Graph& graph, const kernels::AttentionPlan& plan,
                 const kernels::AttentionShape& shape, const kernels::AttentionTensors& x,
                 const Gradients& d) {
  const Arena::Mark mark = graph.arena().mark();
  const auto sum_k = graph.allocate(DType::kF32, d.dk.rows, d.dk.cols).as<float>();
  const auto sum_v = graph.allocate(DType::kF32, d.dv.rows, d.dv.cols).as<float>();
  std::memset(sum_k.data, 0, size_t(sum_k.size()) * sizeof(float));
  std::memset(sum_v.data, 0, size_t(sum_v.size()) * sizeof(float));
  float* scratch = graph.arena().allocate_array<float>(
      kernels::attention_scratch_size(plan, shape, true));
  kernels::attention_backward(plan, shape, x, {d.dy, d.dq, sum_k, sum_v}, scratch);
  kernels::convert(sum_k, d.dk);
  kernels::convert(sum_v, d.dv);
  graph.arena().release(mark);
}

// The gradient of an op's only reader.
Mat fresh_grad(Graph& graph, Var x) {
  bool add = false;
  const Mat dx = graph.grad_to_write(x, add);
  RELATUM_CHECK(!add);
  return dx;
}

struct AttentionRecord {
  Var qkv, y;
  const TokenBatch* batch;
  kernels::AttentionShape shape;
  MatView<const float> rope;
  MatView<float> bias_grad;
  float* lse;

  void backward(Graph& graph) const {
    const Parts x = split(graph.value(qkv), shape), d = split(fresh_grad(graph, qkv), shape);
    const kernels::AttentionTensors tensors{x.q, x.k, x.v, {}, {}, graph.value(y), lse};
    const Mat dy = graph.grad(y);
    attend_back(graph, batch->plan(), shape, tensors, {dy, d.q, d.k, d.v});
    if (bias_grad.data) {
      kernels::attention_bias_gradient(batch->plan(), shape, tensors, dy, bias_grad);
    }
    if (rope.data) kernels::rope(d.qk, shape.head_size, rope, true);
  }
};

struct CrossRecord {
  Var q, kv, y;
  const TokenBatch* batch;
  kernels::AttentionShape shape;
  float* lse;

  void backward(Graph& graph) const {
    const int64_t width = shape.kv_heads * shape.head_size;
    const Mat x = graph.value(kv), dq = fresh_grad(graph, q), d = fresh_grad(graph, kv);
    attend_back(graph, batch->source_plan(), shape,
                {graph.value(q),
                 x.cols_from(0, width),
                 x.cols_from(width, width),
                 {},
                 {},
                 graph.value(y),
                 lse},
                {graph.grad(y), dq, d.cols_from(0, width), d.cols_from(width, width)});
  }
};

}  // namespace

Var attention(Graph& graph, Var qkv, const TokenBatch& batch, const AttentionSettings& settings) {
  const auto& shape = settings.shape;
  const Parts x = split(graph.value(qkv), shape);
  RELATUM_CHECK(x.q.rows == batch.size());
  if (settings.rope.data) kernels::rope(x.qk, shape.head_size, settings.rope, false);
  kernels::AttentionTensors tensors{x.q, x.k, x.v, {}, {}, {}, nullptr};
  if (KvCache* cache = settings.cache.cache) {
    store(*cache, settings.layer, settings.cache.store, x.k, x.v, shape);
    tensors.cache_k = cache->keys(settings.layer);
    tensors.cache_v = cache->values(settings.layer);
  }
  const Var y = attend(graph, batch.plan(), shape, tensors, graph.differentiable(qkv));
  if (graph.differentiable(y)) {
    graph.record(
        AttentionRecord{qkv, y, &batch, shape, settings.rope, settings.bias_grad, tensors.lse});
  }
  return y;
}

Var cross_attention(Graph& graph, Var q, Var kv, const TokenBatch& batch,
                    const AttentionSettings& settings) {
  const auto& shape = settings.shape;
  const int64_t width = shape.kv_heads * shape.head_size;
  RELATUM_CHECK(graph.value(q).rows == batch.size());
  kernels::AttentionTensors tensors{graph.value(q), {}, {}, {}, {}, {}, nullptr};
  KvCache* cache = settings.cache.sources;
  if (kv) {
    const Mat x = graph.value(kv);
    const Mat k = x.cols_from(0, width), v = x.cols_from(width, width);
    if (cache) store(*cache, settings.layer, settings.cache.source_store, k, v, shape);
    tensors.k = k;
    tensors.v = v;
  }
  if (cache) {
    tensors.cache_k = cache->keys(settings.layer);
    tensors.cache_v = cache->values(settings.layer);
  }
  const bool wanted = graph.differentiable(q) || graph.differentiable(kv);
  if (wanted) RELATUM_CHECK(kv);
  const Var y = attend(graph, batch.source_plan(), shape, tensors, wanted);
  if (graph.differentiable(y)) {
    graph.record(CrossRecord{q, kv, y, &batch, shape, tensors.lse});
  }
  return y;
}

}  // namespace relatum::nn
