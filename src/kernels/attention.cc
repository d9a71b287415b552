// Cuts attention into tasks: stretches of queries and key heads forward, trees and their shares
// backward.
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
  int64_t loops = 0;  // floats
  int64_t spans = 0;  // most spans of a group
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
  MatView<const T> q, k, v, cache_k, cache_v;
  MatView<T> out;
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
    float* own = scratch + parallel_slot() * space.floats() + space.loops;
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
  task.window = shape.window;
  if (shape.window || shape.bias.data) task.positions = plan.positions.data() + group.begin;
  if (shape.bias.data) {
    task.bias = shape.bias.row(first_head) + shape.reach() - 1;
    task.bias_stride = shape.bias.stride;
  }
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
  if (task.positions) task.positions += begin;
}

// Leaves out the keys in front that no query of the task sees through its window.
template <class T>
void leave_out_hidden(AttentionTask<T>& task, const SpanPlaces<T>& places) {
  if (!task.window) return;
  const int64_t lowest = *std::min_element(task.positions, task.positions + task.n);
  int64_t hidden = std::max<int64_t>(0, lowest + 1 - task.window), s = 0;
  for (; s + 1 < task.span_count && hidden >= places.spans[s].count; ++s) {
    hidden -= places.spans[s].count;
    task.before += places.spans[s].count;
  }
  task.spans += s;
  task.span_count -= s;
  // Own rows stay where a mask names them by their place.
  if (task.span_count == 1 && task.mask) hidden = 0;
  KeySpan<T>& first = places.spans[s];
  first.k += hidden * first.k_stride;
  first.v += hidden * first.v_stride;
  first.count -= hidden;
  task.before += hidden;
  if (!task.dk) return;
  places.dk[s] += hidden * task.dkv_stride;
  places.dv[s] += hidden * task.dkv_stride;
  task.dk += s;
  task.dv += s;
}

template <class T>
void take_piece(AttentionTask<T>& task, int64_t piece, int64_t pieces) {
  task.heads /= pieces;
  task.q += piece * task.heads * task.head_size;
  task.out += piece * task.heads * task.head_size;
  task.lse += piece * task.heads;
  if (task.bias) task.bias += piece * task.heads * task.bias_stride;
}

// Whether a task is for the loops of bf16.
bool narrows(const AttentionTask<bf16>& task) {
  return has_fast_bf16() && table().attention_bf16 && task.n > 1 && task.head_size % 16 == 0;
}
void attend(const AttentionTask<float>& task, float* scratch) {
  table().f32.attention(task, scratch);
}
void attend(const AttentionTask<bf16>& task, float* scratch) {
  (narrows(task) ? table().attention_bf16 : table().b16.attention)(task, scratch);
}
void differentiate(const AttentionTask<float>& task, float* scratch) {
  table().f32.attention_backward(task, scratch);
}
void differentiate(const AttentionTask<bf16>& task, float* scratch) {
  const auto loops = narrows(task) ? table().attention_backward_bf16
                                   : table().b16.attention_backward;
  loops(task, scratch);
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
    leave_out_hidden(task, places);
    take_piece(task, piece, cut.pieces);
    attend(task, scratch + parallel_slot() * space.floats());
  });
}

// How a backward pass is cut. Groups of a tree add to their ancestors' keys, so a tree is one
// task per key head; where those are few, it is dealt out to shares that add to sums of their own.
// It depends on the plan alone, so that a thread more changes no bit.
struct Shares {
  int64_t rows = 0;   // of the keys
  int64_t count = 1;  // of a tree

  Shares(const AttentionPlan& plan, const AttentionShape& shape) {
    int64_t trees = 0;
    for (size_t g = 0; g < plan.groups.size(); ++g) {
      trees += g == 0 || plan.groups[g - 1].root != plan.groups[g].root;
    }
    for (const AttentionSpan& span : plan.spans) rows = std::max(rows, span.begin + span.count);
    constexpr int64_t kTasks = 12, kMost = 4;
    const int64_t tasks = std::max<int64_t>(1, trees * shape.kv_heads);
    count = std::clamp<int64_t>(kTasks / tasks, 1, kMost);
  }
  // Floats of the sums that the shares but the first need.
  int64_t floats(const AttentionShape& shape) const {
    return (count - 1) * 2 * rows * shape.kv_heads * shape.head_size;
  }
  // Whose stretch number n is: back and forth, as a long row's stretches become ever longer.
  int64_t owner(int64_t n) const {
    const int64_t at = n % count;
    return n / count % 2 ? count - 1 - at : at;
  }
};

// The gradients of one pass.
template <class T>
class Backward {
 public:
  Backward(const AttentionPlan& plan, const AttentionShape& shape, const Views<T>& x,
           const AttentionGradients& grad)
      : plan_(plan), shape_(shape), x_(x), dout_(grad.dout.as<T>()), dq_(grad.dq.as<T>()),
        dk_(grad.dk), dv_(grad.dv), shares_(plan, shape) {}

  void run(float* scratch) const {
    const Workspace space = workspace(plan_, shape_.head_size, true);
    float* sums = scratch + space.floats() * thread_count();
    parallel_for(shares_.floats(shape_), 4096,
                 [&](int64_t begin, int64_t end) { std::fill(sums + begin, sums + end, 0.0f); });
    const auto groups = plan_.groups;
    const int64_t each = shape_.kv_heads * shares_.count;
    parallel_each(int64_t(groups.size()) * each, [&](int64_t i) {
      const size_t first = size_t(i / each);  // does its tree's work, if it is the tree's first
      if (first > 0 && groups[first - 1].root == groups[first].root) return;
      const Memory memory{SpanPlaces<T>(scratch, space), scratch + parallel_slot() * space.floats(),
                          gradients(i % shares_.count, sums)};
      share(first, i / shares_.count % shape_.kv_heads, i % shares_.count, memory);
    });
    for (int64_t share = 1; share < shares_.count; ++share) add_sums(share, sums);
  }

 private:
  struct Gradients {
    MatView<float> dk, dv;
  };
  Gradients gradients(int64_t share, float* sums) const {
    if (share == 0) return {dk_, dv_};
    const int64_t cols = shape_.kv_heads * shape_.head_size, size = shares_.rows * cols;
    float* at = sums + (share - 1) * 2 * size;
    return {{at, shares_.rows, cols, cols}, {at + size, shares_.rows, cols, cols}};
  }

  // Where a thread works, and what its share adds to.
  struct Memory {
    SpanPlaces<T> places;
    float* loops;
    Gradients to;
  };

  // A share's stretches of the tree whose first group is `first`.
  void share(size_t first, int64_t kv_head, int64_t share, const Memory& memory) const {
    const auto groups = plan_.groups;
    int64_t number = 0;
    for (size_t g = first; g < groups.size() && groups[g].root == groups[first].root; ++g) {
      const int64_t count = groups[g].count;
      const bool whole = groups[g].mask || (shares_.count == 1 && !shape_.window);
      const int64_t step = whole ? count : Cut::kQueries;
      for (int64_t begin = 0; begin < count; begin += step, ++number) {
        if (shares_.owner(number) != share) continue;
        stretch(groups[g], kv_head, begin, std::min(begin + step, count), memory);
      }
    }
  }

  // Queries [begin, end) of a group.
  void stretch(const AttentionGroup& g, int64_t kv_head, int64_t begin, int64_t end,
               const Memory& memory) const {
    const auto& [places, loops, to] = memory;
    auto task = make_task(plan_, shape_, x_, g, kv_head, places.spans);
    for (int64_t s = 0; s < g.span_count; ++s) {
      const int64_t row = plan_.spans[size_t(g.first_span + s)].begin;
      places.dk[s] = to.dk.row(row) + kv_head * shape_.head_size;
      places.dv[s] = to.dv.row(row) + kv_head * shape_.head_size;
    }
    const int64_t column = kv_head * task.heads * shape_.head_size;
    narrow(task, places.spans, begin, end);
    task.dout = dout_.row(g.begin + begin) + column;
    task.dq = dq_.row(g.begin + begin) + column;
    task.dk = places.dk;
    task.dv = places.dv;
    task.dout_stride = dout_.stride;
    task.dq_stride = dq_.stride;
    task.dkv_stride = to.dk.stride;
    leave_out_hidden(task, places);
    differentiate(task, loops);
  }

  void add_sums(int64_t share, float* sums) const {
    const Gradients from = gradients(share, sums);
    parallel_for(shares_.rows, 64, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        table().add(from.dk.row(row), dk_.row(row), from.dk.cols);
        table().add(from.dv.row(row), dv_.row(row), from.dv.cols);
      }
    });
  }

  const AttentionPlan& plan_;
  const AttentionShape& shape_;
  const Views<T>& x_;
  MatView<const T> dout_;
  MatView<T> dq_;
  MatView<float> dk_, dv_;
  Shares shares_;
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
  const auto optional = [](ConstMat m) { return m.data ? m.as<T>() : MatView<const T>{}; };
  return {x.q.as<T>(),         optional(x.k), optional(x.v), optional(x.cache_k),
          optional(x.cache_v), x.out.as<T>(), x.lse};
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
                        const AttentionTensors& x, const AttentionGradients& grad, float* scratch) {
  check_no_cache(plan);
  if (x.q.type == DType::kBF16) {
    const auto typed = views<bf16>(x);
    Backward<bf16>(plan, shape, typed, grad).run(scratch);
  } else {
    const auto typed = views<float>(x);
    Backward<float>(plan, shape, typed, grad).run(scratch);
  }
}

int64_t attention_scratch_size(const AttentionPlan& plan, const AttentionShape& shape,
                               bool backward) {
  const int64_t threads = workspace(plan, shape.head_size, backward).floats() * thread_count();
  return threads + (backward ? Shares(plan, shape).floats(shape) : 0);
}

}  // namespace relatum::kernels
