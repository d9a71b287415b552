// The tape: values in an arena and a flat list of what was done to them.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/arena.h"
#include "nn/weight_gradients.h"
#include "tensor/mat.h"

namespace relatum::nn {

/// A value of a graph and, in the backward pass, its gradient.
struct Node {
  Mat value, grad;
  bool differentiable;
};

/// A handle to a value of one graph; cheap, invalid by default.
struct Var {
  Node* node = nullptr;
  explicit operator bool() const { return node != nullptr; }
  bool operator==(const Var&) const = default;
};

/// One pass through a model. Ops write their result into the arena and, when recording and when a
/// gradient is wanted, leave a record behind; backward() plays the records in reverse order.
/// All it keeps lies in the arena, so that a warmed-up pass asks the system for nothing.
class Graph {
 public:
  /// `compute` is the type of activations between products (f32 or bf16); the residual stream is
  /// always f32. `trained`: where gradients of weights are added; nullptr: all weights are frozen.
  Graph(Arena& arena, DType compute, bool recording, const WeightGradients* trained = nullptr)
      : arena_(arena), compute_(compute), recording_(recording), trained_(trained) {}
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  Arena& arena() { return arena_; }
  DType compute() const { return compute_; }
  bool recording() const { return recording_; }
  const WeightGradients* trained() const { return trained_; }
  /// Where the gradient of a weight is added, for a record; nullptr where it is frozen or nothing
  /// is recorded.
  float* gradient_of(const float* weight) const {
    return recording_ && trained_ ? trained_->of(weight) : nullptr;
  }

  /// Uninitialised memory that lives until the arena is released, with as many spare rows as
  /// products like (kernels::rounded_rows).
  Mat allocate(DType type, int64_t rows, int64_t cols);
  /// A new value; `differentiable` where some trainable number lies behind it.
  Var create(DType type, int64_t rows, int64_t cols, bool differentiable);
  Var wrap(Mat value, bool differentiable);

  Mat value(Var v) const { return v.node->value; }
  bool differentiable(Var v) const { return v && v.node->differentiable; }

  bool has_grad(Var v) const { return v.node->grad.data != nullptr; }
  Mat grad(Var v) const { return v.node->grad; }
  /// The gradient to write to: a new matrix of the value's type (add false: overwrite it), or the
  /// one that is there (add true: add to it).
  Mat grad_to_write(Var v, bool& add);
  /// Hands a matrix over as v's gradient; later ops may add to it in place.
  void set_grad(Var v, Mat grad) { v.node->grad = grad; }

  /// Keeps a trivially copyable record with a member `void backward(Graph&) const`.
  template <class Record>
  void record(const Record& r) {
    static_assert(std::is_trivially_copyable_v<Record>);
    void* place = arena_.allocate(sizeof(Record));
    std::memcpy(place, &r, sizeof(Record));
    const auto play = [](Graph& graph, const void* p) {
      static_cast<const Record*>(p)->backward(graph);
    };
    last_ = &arena_.make<Entry>(play, place, last_);
  }
  /// Plays all records in reverse; gradients of the last values must be set.
  void backward();

 private:
  struct Entry {
    void (*play)(Graph&, const void*);
    const void* record;
    const Entry* before;
  };
  Arena& arena_;
  DType compute_;
  bool recording_;
  const WeightGradients* trained_;
  const Entry* last_ = nullptr;
};

}  // namespace relatum::nn
