// Values, gradients and the playing of the tape.
#include "nn/graph.h"

#include "kernels/gemm.h"

namespace relatum::nn {

Mat Graph::allocate(DType type, int64_t rows, int64_t cols) {
  const int64_t spare = kernels::rounded_rows(rows) - rows;
  Mat mat(arena_.allocate(size_t((rows + spare) * cols) * size_of(type)), type, rows, cols);
  mat.spare = spare;
  return mat;
}

Var Graph::create(DType type, int64_t rows, int64_t cols, bool differentiable) {
  return wrap(allocate(type, rows, cols), differentiable);
}

Var Graph::wrap(Mat value, bool differentiable) {
  return {&arena_.make<Node>(value, Mat{}, recording_ && differentiable)};
}

Mat Graph::grad_to_write(Var v, bool& add) {
  Node& node = *v.node;
  add = node.grad.data != nullptr;
  if (!add) node.grad = allocate(node.value.type, node.value.rows, node.value.cols);
  return node.grad;
}

void Graph::backward() {
  for (const Entry* entry = last_; entry; entry = entry->before) {
    entry->play(*this, entry->record);
  }
}

}  // namespace relatum::nn
