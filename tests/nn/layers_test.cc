// The stack of layers: the same numbers in every mode, and memory that comes back.
#include "nn/layers.h"

#include <gtest/gtest.h>

#include <cstring>

#include "nn/norm.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using nn::Graph;
using nn::Var;

constexpr int64_t kRows = 64, kCols = 1024;
constexpr size_t kValueBytes = size_t(kRows * kCols) * sizeof(float);

// Each layer is three norms with a weight of its own.
class Norms final : public nn::LayerStack {
 public:
  explicit Norms(int64_t layers) : layers_(layers) {
    const Rng rng(3, 3);
    for (int64_t i = 0; i < layers * kCols; ++i) {
      weights_.push_back(float(0.5 + rng.uniform(uint64_t(i))));
    }
  }
  int64_t layers() const override { return layers_; }
  Var run(Graph& graph, int64_t layer, Var x) const override {
    const float* weight = weights_.data() + layer * kCols;
    for (int i = 0; i < 3; ++i) x = nn::rmsnorm(graph, x, weight, 0x1p-17f);
    return x;
  }

 private:
  int64_t layers_;
  std::vector<float> weights_;
};

struct Result {
  std::vector<float> y, dx;
  size_t peak = 0;
};

std::vector<float> values_of(Mat m) {
  const float* data = m.as<float>().data;
  return {data, data + m.rows * m.cols};
}

struct Mode {
  bool recording = true, checkpoint = false, differentiable = true;
};

Result run(int64_t layers, const Mode& mode) {
  const Norms stack(layers);
  Arena arena;
  Graph graph(arena, DType::kF32, mode.recording);
  const Var x = graph.create(DType::kF32, kRows, kCols, mode.differentiable);
  const auto start = Gapped<float>::random(kRows, kCols, 1, 1, 0);
  for (int64_t i = 0; i < kRows * kCols; ++i) {
    graph.value(x).as<float>().data[i] = float(start.get(i / kCols, i % kCols));
  }
  const Var y = nn::run_layers(graph, stack, x, mode.checkpoint);
  Result result;
  result.y = values_of(graph.value(y));
  if (graph.differentiable(y) && mode.differentiable) {
    const Mat dy = graph.allocate(DType::kF32, kRows, kCols);
    std::memcpy(dy.data, result.y.data(), kValueBytes);
    graph.set_grad(y, dy);
    graph.backward();
    result.dx = values_of(graph.grad(x));
  }
  result.peak = arena.peak();
  return result;
}

TEST(Layers, AllModesGiveTheSameBits) {
  const Result plain = run(4, {.recording = false}), recorded = run(4, {}),
               checkpointed = run(4, {.checkpoint = true});
  EXPECT_EQ(plain.y, recorded.y);
  EXPECT_EQ(plain.y, checkpointed.y);
  EXPECT_EQ(recorded.dx, checkpointed.dx);
  EXPECT_NE(recorded.dx, recorded.y);
}

TEST(Layers, WithoutATapeMemoryDoesNotGrow) {
  const size_t few = run(2, {.recording = false}).peak;
  EXPECT_EQ(run(20, {.recording = false}).peak, few);
  EXPECT_GE(few, 4 * kValueBytes);
}

TEST(Layers, ACheckpointedLayerKeepsItsInputAlone) {
  const size_t few = run(2, {.checkpoint = true}).peak;
  const size_t grown = run(12, {.checkpoint = true}).peak - few;
  EXPECT_GE(grown, 10 * kValueBytes);
  EXPECT_LT(grown, 11 * kValueBytes);
}

TEST(Layers, TheBackwardPassOfALayerGivesItsMemoryBack) {
  // A recorded layer keeps three values; its gradients (three more) must not pile up as well.
  const size_t few = run(2, {}).peak;
  const size_t grown = run(12, {}).peak - few;
  EXPECT_GE(grown, 10 * 3 * kValueBytes);
  EXPECT_LT(grown, 10 * 3 * kValueBytes + kValueBytes);
}

TEST(Layers, AFrozenInputGetsNoGradient) {
  const Norms stack(2);
  Arena arena;
  for (const bool checkpoint : {false, true}) {
    Graph graph(arena, DType::kF32, true);
    const Var x = graph.create(DType::kF32, kRows, kCols, false);
    std::memset(graph.value(x).data, 0, kValueBytes);
    nn::run_layers(graph, stack, x, checkpoint);
    EXPECT_FALSE(graph.has_grad(x));
  }
}

}  // namespace
}  // namespace relatum::testing
