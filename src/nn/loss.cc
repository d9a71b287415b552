// Chunks of logits, their loss and gradient.
#include "nn/loss.h"

#include <algorithm>

#include "base/error.h"
#include "kernels/columns.h"
#include "kernels/gemm.h"
#include "kernels/rows.h"

namespace relatum::nn {
namespace {

// 256 rows of 49,152 logits are 50 MB. Fewer rows keep less memory, but each chunk reorders the
// head's weights for the product: measured 205 Gflop/s at 64 rows, 340 at 256, 375 at 512.
constexpr int64_t kChunkLogits = int64_t{256} * 49152;

int64_t chunk_rows(int64_t vocabulary) {
  return std::max<int64_t>(1, kChunkLogits / std::max<int64_t>(1, vocabulary));
}

// Adds weighted losses, and weighs their gradients.
void weigh(std::span<const float> weights, std::span<const double> losses, Mat dlogits,
           LossSum& loss) {
  for (size_t i = 0; i < losses.size(); ++i) {
    loss.sum += double(weights[i]) * losses[i];
    loss.weight += double(weights[i]);
  }
  if (dlogits.data) kernels::rescale_rows(dlogits, weights, {}, {});
}

}  // namespace

LossSum head_cross_entropy(Graph& graph, const Linear& head, Var x,
                           std::span<const int32_t> targets, std::span<const float> weights) {
  const Mat in = graph.value(x);
  RELATUM_CHECK(int64_t(targets.size()) == in.rows);
  RELATUM_CHECK(weights.empty() || weights.size() == targets.size());
  bool add = false;
  const Mat dx = graph.differentiable(x) ? graph.grad_to_write(x, add) : Mat{};
  RELATUM_CHECK(!add);
  float* weight_grad = dx.data ? graph.gradient_of(head.trained()) : nullptr;
  float* bias_grad = weight_grad ? graph.gradient_of(head.bias().data()) : nullptr;
  const Arena::Mark mark = graph.arena().mark();
  LossSum loss;
  for (int64_t begin = 0; begin < in.rows; begin += chunk_rows(head.out())) {
    const int64_t rows = std::min(chunk_rows(head.out()), in.rows - begin);
    const Arena::Mark chunk = graph.arena().mark();
    const Mat logits = graph.allocate(DType::kF32, rows, head.out());
    head.multiply(graph, in.rows_from(begin, rows), logits);
    const Mat dlogits = dx.data ? graph.allocate(in.type, rows, head.out()) : Mat{};
    const std::span losses(graph.arena().allocate_array<double>(rows), size_t(rows));
    const double sum = kernels::cross_entropy(
        logits.as<float>(), targets.subspan(size_t(begin), size_t(rows)), dlogits, losses);
    if (weights.empty()) {
      loss.sum += sum;
    } else {
      weigh(weights.subspan(size_t(begin), size_t(rows)), losses, dlogits, loss);
    }
    if (dx.data) head.multiply_back(graph, dlogits, dx.rows_from(begin, rows), false);
    if (bias_grad) kernels::add_column_sums(dlogits, {bias_grad, size_t(head.out())});
    if (weight_grad) {
      kernels::gemm({.a = dlogits,
                     .b = in.rows_from(begin, rows),
                     .c = MatView<float>(weight_grad, head.out(), head.in()),
                     .transpose_a = true,
                     .accumulate = true});
    }
    graph.arena().release(chunk);
  }
  graph.arena().release(mark);
  loss.count = in.rows;
  if (weights.empty()) loss.weight = double(in.rows);
  return loss;
}

void for_each_logits(Graph& graph, const Linear& head, ConstMat x,
                     const std::function<void(int64_t, MatView<const float>)>& use) {
  const Arena::Mark mark = graph.arena().mark();
  for (int64_t begin = 0; begin < x.rows; begin += chunk_rows(head.out())) {
    const int64_t rows = std::min(chunk_rows(head.out()), x.rows - begin);
    const Arena::Mark chunk = graph.arena().mark();
    const Mat logits = graph.allocate(DType::kF32, rows, head.out());
    head.multiply(graph, x.rows_from(begin, rows), logits);
    use(begin, logits.as<float>());
    graph.arena().release(chunk);
  }
  graph.arena().release(mark);
}

}  // namespace relatum::nn
