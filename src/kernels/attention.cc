// Cuts attention into tasks: one per query group and key head forward, one per tree backward.
#include "kernels/attention.h"

#include <algorithm>

#include "base/parallel_for.h"
#include "kernels/cpu.h"
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

// What one thread works in: the loops' own memory, and the spans of the group at hand.
struct Workspace {
  int64_t loops = 0;   // floats
  int64_t spans = 0;   // most spans of a group
  // A KeySpan and the places of its two gradients, each in a multiple of a cache line.
  static constexpr int64_t kFloatsPerSpan = 16;
  int64_t floats() const { return loops + spans * kFloatsPerSpan; }
};

Workspace workspace(const AttentionPlan& plan, int64_t head_size, bool backward) {
  int64_t keys = 0, spans = 0;
  for (const AttentionGroup& group : plan.groups) {
    keys = std::max(keys, keys_of(plan, group));
    spans = std::max(spans, group.span_count);
  }
  return {attention_scratch(keys, head_size, backward), spans};
}

// The parts of a task that forward and backward share.
template <class T>
struct Views {
  MatView<T> q, k, v, cache_k, cache_v, out;
  float* lse;
};

// Where a thread keeps the spans of one group, behind the loops' memory.
template <class T>
struct SpanPlaces {
  KeySpan<T>* spans;
  float **dk, **dv;

  SpanPlaces(float* scratch, const Workspace& space) {
    static_assert(sizeof(KeySpan<T>) + 2 * sizeof(float*) <=
                  size_t(Workspace::kFloatsPerSpan) * sizeof(float));
    float* own = scratch + omp_get_thread_num() * space.floats() + space.loops;
    spans = reinterpret_cast<KeySpan<T>*>(own);
    dk = reinterpret_cast<float**>(spans + space.spans);
    dv = dk + space.spans;
  }
};

template <class T>
AttentionTask<T> make_task(const AttentionPlan& plan, const AttentionShape& shape,
                           const Views<T>& x, const AttentionGroup& group, int64_t kv_head,
                           KeySpan<T>* spans) {
  for (int64_t s = 0; s < group.span_count; ++s) {
    const AttentionSpan& span = plan.spans[size_t(group.first_span + s)];
    const auto& k = span.cached ? x.cache_k : x.k;
    const auto& v = span.cached ? x.cache_v : x.v;
    const int64_t row = span.begin + (span.cached ? kv_head * (k.rows / shape.kv_heads) : 0);
    const int64_t at = span.cached ? 0 : kv_head * shape.head_size;
    spans[s] = {k.row(row) + at, v.row(row) + at, span.count, k.stride, v.stride};
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

// How a forward pass is cut: long rows into stretches of queries, single queries into heads.
struct Cut {
  int64_t stretches = 1;  // of each group, most of which may be empty in short ones
  int64_t pieces = 1;     // of the heads that share a key head

  Cut(const AttentionPlan& plan, const AttentionShape& shape) {
    bool single = true;
    for (const AttentionGroup& group : plan.groups) {
      single = single && group.count == 1;
      if (!group.mask) stretches = std::max(stretches, (group.count + kQueries - 1) / kQueries);
    }
    // Single queries have nothing that heads of one key head would share.
    if (single) pieces = shape.heads / shape.kv_heads;
  }

  static constexpr int64_t kQueries = 128;  // their keys are gathered once for a stretch
};

// Leaves the task queries [begin, end) of its own.
template <class T>
void narrow(AttentionTask<T>& task, KeySpan<T>* spans, int64_t begin, int64_t end) {
  if (task.causal && !task.mask) spans[task.span_count - 1].count = end;
  task.n = end - begin;
  task.q += begin * task.q_stride;
  task.out += begin * task.out_stride;
  task.lse += begin * task.lse_stride;
}

template <class T>
void take_piece(AttentionTask<T>& task, int64_t piece, int64_t pieces) {
  task.heads /= pieces;
  task.q += piece * task.heads * task.head_size;
  task.out += piece * task.heads * task.head_size;
  task.lse += piece * task.heads;
}

void attend(const AttentionTask<float>& task, float* scratch) {
  table().f32.attention(task, scratch);
}
void attend(const AttentionTask<bf16>& task, float* scratch) {
  const bool narrow = has_fast_bf16() && table().attention_bf16 && task.n > 1 &&
                      task.head_size % 16 == 0;
  (narrow ? table().attention_bf16 : table().b16.attention)(task, scratch);
}

template <class T>
void forward(const AttentionPlan& plan, const AttentionShape& shape, const Views<T>& x,
             float* scratch) {
  const Workspace space = workspace(plan, shape.head_size, false);
  const Cut cut(plan, shape);
  const int64_t each = shape.kv_heads * cut.pieces;
  parallel_each(int64_t(plan.groups.size()) * cut.stretches * each, [&](int64_t i) {
    const int64_t piece = i % cut.pieces, kv_head = i / cut.pieces % shape.kv_heads;
    const AttentionGroup& group = plan.groups[size_t(i / each / cut.stretches)];
    // Later stretches see more keys: they come first, so that no thread is left with one.
    const int64_t stretch = cut.stretches - 1 - i / each % cut.stretches;
    const int64_t begin = group.mask ? 0 : stretch * Cut::kQueries;
    if (begin >= group.count || (group.mask && stretch > 0)) return;
    const SpanPlaces<T> places(scratch, space);
    auto task = make_task(plan, shape, x, group, kv_head, places.spans);
    const int64_t end = group.mask ? group.count : std::min(begin + Cut::kQueries, group.count);
    narrow(task, places.spans, begin, end);
    take_piece(task, piece, cut.pieces);
    attend(task, scratch + omp_get_thread_num() * space.floats());
  });
}

// The gradients of one pass, group by group.
template <class T>
struct Backward {
  const AttentionPlan& plan;
  const AttentionShape& shape;
  const Views<T>& x;
  MatView<T> dout, dq;
  MatView<float> dk, dv;

  void group(const AttentionGroup& g, int64_t kv_head, const SpanPlaces<T>& places,
             float* loops) const {
    auto task = make_task(plan, shape, x, g, kv_head, places.spans);
    for (int64_t s = 0; s < g.span_count; ++s) {
      const int64_t row = plan.spans[size_t(g.first_span + s)].begin;
      places.dk[s] = dk.row(row) + kv_head * shape.head_size;
      places.dv[s] = dv.row(row) + kv_head * shape.head_size;
    }
    const int64_t column = kv_head * task.heads * shape.head_size;
    task.dout = dout.row(g.begin) + column;
    task.dq = dq.row(g.begin) + column;
    task.dk = places.dk;
    task.dv = places.dv;
    task.dout_stride = dout.stride;
    task.dq_stride = dq.stride;
    task.dkv_stride = dk.stride;
    typed_table<T>().attention_backward(task, loops);
  }

  void run(float* scratch) const {
    const Workspace space = workspace(plan, shape.head_size, true);
    const auto groups = plan.groups;
    // Groups of one tree add to their ancestors' keys, so one thread does them in order: the one
    // that gets the tree's first group.
    parallel_each(int64_t(groups.size()) * shape.kv_heads, [&](int64_t i) {
      const size_t first = size_t(i / shape.kv_heads);
      if (first > 0 && groups[first - 1].root == groups[first].root) return;
      const SpanPlaces<T> places(scratch, space);
      float* loops = scratch + omp_get_thread_num() * space.floats();
      for (size_t g = first; g < groups.size() && groups[g].root == groups[first].root; ++g) {
        group(groups[g], i % shape.kv_heads, places, loops);
      }
    });
  }
};

// Here, as nothing may be thrown from within a parallel loop.
void check_no_cache(const AttentionPlan& plan) {
  for (const AttentionGroup& group : plan.groups) {
    for (int64_t s = 0; s < group.span_count; ++s) {
      RELATUM_CHECK(!plan.spans[size_t(group.first_span + s)].cached);
    }
  }
}

template <class T>
Views<T> views(const AttentionTensors& x) {
  const auto optional = [](Mat m) { return m.data ? m.as<T>() : MatView<T>{}; };
  return {x.q.as<T>(), x.k.as<T>(), x.v.as<T>(), optional(x.cache_k), optional(x.cache_v),
          x.out.as<T>(), x.lse};
}

}  // namespace

void attention(const AttentionPlan& plan, const AttentionShape& shape, const AttentionTensors& x,
               float* scratch) {
  if (x.q.type == DType::kBF16) {
    forward(plan, shape, views<bf16>(x), scratch);
  } else {
    forward(plan, shape, views<float>(x), scratch);
  }
}

void attention_backward(const AttentionPlan& plan, const AttentionShape& shape,
                        const AttentionTensors& x, const AttentionGradients& grad,
                        float* scratch) {
  check_no_cache(plan);
  if (x.q.type == DType::kBF16) {
    Backward<bf16>{plan, shape, views<bf16>(x), grad.dout.as<bf16>(), grad.dq.as<bf16>(), grad.dk,
                   grad.dv}.run(scratch);
  } else {
    Backward<float>{plan, shape, views<float>(x), grad.dout.as<float>(), grad.dq.as<float>(),
                    grad.dk, grad.dv}.run(scratch);
  }
}

int64_t attention_scratch_size(const AttentionPlan& plan, int64_t head_size, bool backward) {
  return workspace(plan, head_size, backward).floats() * thread_count();
}

}  // namespace relatum::kernels
