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

struct AttentionRecord {
  Var qkv, y;
  const TokenBatch* batch;
  kernels::AttentionShape shape;
  MatView<const float> rope;
  float* lse;

  void backward(Graph& graph) const {
    bool add = false;
    const Mat dqkv = graph.grad_to_write(qkv, add);
    RELATUM_CHECK(!add);
    const Parts x = split(graph.value(qkv), shape), d = split(dqkv, shape);
    const Arena::Mark mark = graph.arena().mark();
    const auto dk = graph.allocate(DType::kF32, d.k.rows, d.k.cols).as<float>();
    const auto dv = graph.allocate(DType::kF32, d.v.rows, d.v.cols).as<float>();
    std::memset(dk.data, 0, size_t(dk.size()) * sizeof(float));
    std::memset(dv.data, 0, size_t(dv.size()) * sizeof(float));
    const auto plan = batch->plan();
    float* scratch = graph.arena().allocate_array<float>(
        kernels::attention_scratch_size(plan, shape, true));
    kernels::attention_backward(plan, shape, {x.q, x.k, x.v, {}, {}, graph.value(y), lse},
                                {graph.grad(y), d.q, dk, dv}, scratch);
    kernels::convert(dk, d.k);
    kernels::convert(dv, d.v);
    if (rope.data) kernels::rope(d.qk, shape.head_size, rope, true);
    graph.arena().release(mark);
  }
};

void store(const AttentionSettings& settings, const Parts& x) {
  const Mat keys = settings.cache.cache->keys(settings.layer);
  const Mat values = settings.cache.cache->values(settings.layer);
  const int64_t heads = settings.shape.kv_heads, size = settings.shape.head_size;
  const int64_t capacity = settings.cache.cache->capacity();
  RELATUM_CHECK(keys.type == x.k.type && keys.rows == heads * capacity && keys.cols == size);
  const size_t bytes = size_t(size) * size_of(x.k.type);
  for (size_t t = 0; t < settings.cache.store.size(); ++t) {
    const int64_t row = settings.cache.store[t];
    if (row < 0) continue;
    RELATUM_CHECK(row < capacity);
    for (int64_t g = 0; g < heads; ++g) {
      const int64_t to = g * capacity + row;
      std::memcpy(keys.byte_at(to, 0), x.k.byte_at(int64_t(t), g * size), bytes);
      std::memcpy(values.byte_at(to, 0), x.v.byte_at(int64_t(t), g * size), bytes);
    }
  }
}

}  // namespace

Var attention(Graph& graph, Var qkv, const TokenBatch& batch, const AttentionSettings& settings) {
  const auto& shape = settings.shape;
  const Parts x = split(graph.value(qkv), shape);
  RELATUM_CHECK(x.q.rows == batch.size());
  if (settings.rope.data) kernels::rope(x.qk, shape.head_size, settings.rope, false);
  Mat cache_k, cache_v;
  if (settings.cache.cache) {
    store(settings, x);
    cache_k = settings.cache.cache->keys(settings.layer);
    cache_v = settings.cache.cache->values(settings.layer);
  }
  const Var y = graph.create(x.q.type, x.q.rows, x.q.cols, graph.differentiable(qkv));
  float* lse = graph.arena().allocate_array<float>(x.q.rows * shape.heads);
  const Arena::Mark mark = graph.arena().mark();
  const auto plan = batch.plan();
  float* scratch = graph.arena().allocate_array<float>(
      kernels::attention_scratch_size(plan, shape, false));
  kernels::attention(plan, shape, {x.q, x.k, x.v, cache_k, cache_v, graph.value(y), lse}, scratch);
  graph.arena().release(mark);
  if (graph.differentiable(y)) {
    graph.record(AttentionRecord{qkv, y, &batch, shape, settings.rope, lse});
  }
  return y;
}

}  // namespace relatum::nn
