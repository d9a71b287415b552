// The gradient of attention's bias by distance, beside the fused backward pass.
#include "base/parallel_for.h"
#include "kernels/attention.h"
#include "kernels/isa/table.h"

namespace relatum::kernels {
namespace {

template <class T>
struct Views {
  MatView<const T> q, k, v, out, dout;
};

// One head of a pass.
struct Head {
  const AttentionPlan& plan;
  const AttentionShape& shape;
  const float* lse;
  int64_t head;

  // What query `own` of a group adds. sums: by distance, at column reach - 1 the distance 0.
  template <class T>
  void add(const Views<T>& x, const AttentionGroup& group, int64_t own, float* sums) const {
    const int64_t row = group.begin + own, size = shape.head_size, column = head * size;
    const int64_t key_column = head / (shape.heads / shape.kv_heads) * size;
    int64_t place = shape.reach() - 1 + plan.positions[size_t(row)];  // of the span's first key
    for (int64_t s = 0; s < group.span_count; ++s) {
      const AttentionSpan& span = plan.spans[size_t(group.first_span + s)];
      const bool causal = plan.causal && s + 1 == group.span_count;
      const KeySpan<T> keys{x.k.row(span.begin) + key_column, x.v.row(span.begin) + key_column,
                            causal ? own + 1 : span.count, x.k.stride, x.v.stride};
      typed_table<T>().bias_gradient(
          {x.q.row(row) + column, x.out.row(row) + column, x.dout.row(row) + column, size, keys,
           shape.scale, lse[row * shape.heads + head], shape.bias.row(head) + place, sums + place});
      place -= span.count;
    }
  }
};

template <class T>
void add_gradient(const AttentionPlan& plan, const AttentionShape& shape, const AttentionTensors& x,
                  ConstMat dout, MatView<float> dbias) {
  const Views<T> views{x.q.as<T>(), x.k.as<T>(), x.v.as<T>(), ConstMat(x.out).as<T>(),
                       dout.as<T>()};
  parallel_each(shape.heads, [&](int64_t h) {
    const Head head{plan, shape, x.lse, h};
    for (const AttentionGroup& group : plan.groups) {
      for (int64_t i = 0; i < group.count; ++i) head.add(views, group, i, dbias.row(h));
    }
  });
}

}  // namespace

void attention_bias_gradient(const AttentionPlan& plan, const AttentionShape& shape,
                             const AttentionTensors& x, ConstMat dout, MatView<float> dbias) {
  RELATUM_CHECK(dbias.rows == shape.heads && dbias.cols == shape.bias.cols && !shape.window);
  for (const AttentionGroup& group : plan.groups) {
    RELATUM_CHECK(!group.mask);
    for (int64_t s = 0; s < group.span_count; ++s) {
      RELATUM_CHECK(!plan.spans[size_t(group.first_span + s)].cached);
    }
  }
  if (x.q.type == DType::kBF16) {
    add_gradient<bf16>(plan, shape, x, dout, dbias);
  } else {
    add_gradient<float>(plan, shape, x, dout, dbias);
  }
}

}  // namespace relatum::kernels
