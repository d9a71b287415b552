// Cuts attention into tasks: one per query group and key head forward, one per tree backward.
#include "kernels/attention.h"

#include <vector>

#include "base/parallel_for.h"
#include "kernels/isa/table.h"

namespace relatum::kernels {
namespace {

int64_t keys_of(const AttentionPlan& plan, const AttentionGroup& group) {
  int64_t keys = 0;
  for (int64_t s = 0; s < group.span_count; ++s) {
    keys += plan.spans[size_t(group.first_span + s)].count;
  }
  return keys;
}

int64_t scratch_per_thread(const AttentionPlan& plan, int64_t head_size, bool backward) {
  int64_t keys = 0;
  for (const AttentionGroup& group : plan.groups) keys = std::max(keys, keys_of(plan, group));
  return attention_scratch(keys, head_size, backward);
}

// The parts of a task that forward and backward share.
template <class T>
struct Views {
  MatView<T> q, k, v, cache_k, cache_v, out;
  float* lse;
};

constexpr int64_t kMaxSpans = 64;  // a tree deeper than this is a programmer's mistake

template <class T>
AttentionTask<T> make_task(const AttentionPlan& plan, const AttentionShape& shape,
                           const Views<T>& x, const AttentionGroup& group, int64_t kv_head,
                           KeySpan<T>* spans) {
  RELATUM_CHECK(group.span_count <= kMaxSpans);
  for (int64_t s = 0; s < group.span_count; ++s) {
    const AttentionSpan& span = plan.spans[size_t(group.first_span + s)];
    const auto& k = span.cached ? x.cache_k : x.k;
    const auto& v = span.cached ? x.cache_v : x.v;
    const int64_t at = kv_head * shape.head_size;
    spans[s] = {k.row(span.begin) + at, v.row(span.begin) + at, span.count, k.stride, v.stride};
  }
  AttentionTask<T> task{};
  task.heads = shape.heads / shape.kv_heads;
  task.head_size = shape.head_size;
  const int64_t first_head = kv_head * task.heads, column = first_head * shape.head_size;
  task.q = x.q.row(group.begin) + column;
  task.out = x.out.row(group.begin) + column;
  task.lse = x.lse + group.begin * shape.heads + first_head;
  task.n = group.count;
  task.q_stride = x.q.stride;
  task.out_stride = x.out.stride;
  task.lse_stride = shape.heads;
  task.spans = spans;
  task.span_count = group.span_count;
  task.scale = shape.scale;
  task.causal = plan.causal;
  task.mask = group.mask;
  return task;
}

template <class T>
void forward(const AttentionPlan& plan, const AttentionShape& shape, const Views<T>& x,
             float* scratch) {
  const int64_t per_thread = scratch_per_thread(plan, shape.head_size, false);
  const int64_t groups = int64_t(plan.groups.size());
  parallel_each(groups * shape.kv_heads, [&](int64_t i) {
    KeySpan<T> spans[kMaxSpans];
    const AttentionGroup& group = plan.groups[size_t(i / shape.kv_heads)];
    const auto task = make_task(plan, shape, x, group, i % shape.kv_heads, spans);
    typed_table<T>().attention(task, scratch + omp_get_thread_num() * per_thread);
  });
}

template <class T>
void backward(const AttentionPlan& plan, const AttentionShape& shape, const Views<T>& x,
              MatView<T> dout, const AttentionGradients& grad, float* scratch) {
  const auto dq = grad.dq.as<T>();
  const int64_t per_thread = scratch_per_thread(plan, shape.head_size, true);
  std::vector<int64_t> starts;  // first group of each tree
  for (size_t g = 0; g < plan.groups.size(); ++g) {
    if (g == 0 || plan.groups[g].root != plan.groups[g - 1].root) starts.push_back(int64_t(g));
  }
  starts.push_back(int64_t(plan.groups.size()));
  const int64_t trees = int64_t(starts.size()) - 1;
  // Groups of one tree add to their ancestors' keys, so one thread does them in order.
  parallel_each(trees * shape.kv_heads, [&](int64_t i) {
    const int64_t tree = i / shape.kv_heads, kv_head = i % shape.kv_heads;
    for (int64_t g = starts[size_t(tree)]; g < starts[size_t(tree) + 1]; ++g) {
      KeySpan<T> spans[kMaxSpans];
      float *dk[kMaxSpans], *dv[kMaxSpans];
      const AttentionGroup& group = plan.groups[size_t(g)];
      auto task = make_task(plan, shape, x, group, kv_head, spans);
      for (int64_t s = 0; s < group.span_count; ++s) {
        const AttentionSpan& span = plan.spans[size_t(group.first_span + s)];
        RELATUM_CHECK(!span.cached);
        dk[s] = grad.dk.row(span.begin) + kv_head * shape.head_size;
        dv[s] = grad.dv.row(span.begin) + kv_head * shape.head_size;
      }
      const int64_t column = kv_head * task.heads * shape.head_size;
      task.dout = dout.row(group.begin) + column;
      task.dq = dq.row(group.begin) + column;
      task.dk = dk;
      task.dv = dv;
      task.dout_stride = dout.stride;
      task.dq_stride = dq.stride;
      task.dkv_stride = grad.dk.stride;
      typed_table<T>().attention_backward(task, scratch + omp_get_thread_num() * per_thread);
    }
  });
}

template <class T>
MatView<T> optional_view(Mat m) {
  return m.data ? m.as<T>() : MatView<T>{};
}

}  // namespace

void attention(const AttentionPlan& plan, const AttentionShape& shape, Mat q, Mat k, Mat v,
               Mat cache_k, Mat cache_v, Mat out, float* lse, float* scratch) {
  if (q.type == DType::kBF16) {
    forward<bf16>(plan, shape,
                  {q.as<bf16>(), k.as<bf16>(), v.as<bf16>(), optional_view<bf16>(cache_k),
                   optional_view<bf16>(cache_v), out.as<bf16>(), lse},
                  scratch);
  } else {
    forward<float>(plan, shape,
                   {q.as<float>(), k.as<float>(), v.as<float>(), optional_view<float>(cache_k),
                    optional_view<float>(cache_v), out.as<float>(), lse},
                   scratch);
  }
}

void attention_backward(const AttentionPlan& plan, const AttentionShape& shape, Mat q, Mat k,
                        Mat v, Mat out, const float* lse, Mat dout, const AttentionGradients& grad,
                        float* scratch) {
  float* saved = const_cast<float*>(lse);
  if (q.type == DType::kBF16) {
    backward<bf16>(plan, shape,
                   {q.as<bf16>(), k.as<bf16>(), v.as<bf16>(), {}, {}, out.as<bf16>(), saved},
                   dout.as<bf16>(), grad, scratch);
  } else {
    backward<float>(plan, shape,
                    {q.as<float>(), k.as<float>(), v.as<float>(), {}, {}, out.as<float>(), saved},
                    dout.as<float>(), grad, scratch);
  }
}

int64_t attention_scratch_size(const AttentionPlan& plan, int64_t head_size, bool backward) {
  return scratch_per_thread(plan, head_size, backward) * thread_count();
}

}  // namespace relatum::kernels
