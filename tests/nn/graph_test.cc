// What the tape and its arena promise.
#include "nn/graph.h"

#include <gtest/gtest.h>

namespace relatum::testing {
namespace {

using nn::Graph;
using nn::Var;

struct Note {
  std::vector<int>* log;
  int number;
  void backward(Graph&) const { log->push_back(number); }
};

TEST(Graph, PlaysRecordsInReverse) {
  Arena arena;
  Graph graph(arena, DType::kF32, true);
  std::vector<int> log;
  for (int i = 0; i < 4; ++i) graph.record(Note{&log, i});
  graph.backward();
  EXPECT_EQ(log, (std::vector<int>{3, 2, 1, 0}));
}

TEST(Graph, OnlyARecordingGraphHasGradients) {
  Arena arena;
  Graph plain(arena, DType::kF32, false), recording(arena, DType::kF32, true);
  EXPECT_FALSE(plain.differentiable(plain.create(DType::kF32, 2, 2, true)));
  EXPECT_TRUE(recording.differentiable(recording.create(DType::kF32, 2, 2, true)));
  EXPECT_FALSE(recording.differentiable(recording.create(DType::kF32, 2, 2, false)));
  EXPECT_FALSE(recording.differentiable(Var{}));
}

TEST(Graph, TheFirstWriterOverwritesTheNextAdds) {
  Arena arena;
  Graph graph(arena, DType::kBF16, true);
  const Var v = graph.create(DType::kBF16, 3, 5, true);
  EXPECT_FALSE(graph.has_grad(v));
  bool add = true;
  const Mat first = graph.grad_to_write(v, add);
  EXPECT_FALSE(add);
  EXPECT_EQ(first.type, DType::kBF16);
  EXPECT_TRUE(first.rows == 3 && first.cols == 5);
  const Mat second = graph.grad_to_write(v, add);
  EXPECT_TRUE(add);
  EXPECT_EQ(first.data, second.data);
}

TEST(Graph, WarmedUpArenaAsksForNothingMore) {
  Arena arena;
  const auto round = [&arena] {
    Graph graph(arena, DType::kF32, true);
    for (int i = 0; i < 50; ++i) graph.create(DType::kF32, 100 + i, 333, true);
  };
  round();
  arena.reset();
  const size_t held = arena.held();
  for (int i = 0; i < 3; ++i) {
    round();
    arena.reset();
    EXPECT_EQ(arena.held(), held);
  }
}

TEST(Graph, MemoryBehindAMarkIsGivenBack) {
  Arena arena;
  Graph graph(arena, DType::kF32, false);
  const Mat kept = graph.allocate(DType::kF32, 4, 4);
  const Arena::Mark mark = arena.mark();
  void* first = graph.allocate(DType::kF32, 1000, 1000).data;
  arena.release(mark);
  EXPECT_EQ(graph.allocate(DType::kF32, 1000, 1000).data, first);
  EXPECT_NE(kept.data, first);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 64, 0u);
}

}  // namespace
}  // namespace relatum::testing
