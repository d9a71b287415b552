// Holds what a pass through an encoder below a classifier is said to take to what it took.
#include <gtest/gtest.h>

#include "support/classifier.h"
#include "train/estimate.h"
#include "train/pass_memory.h"

namespace relatum::testing {
namespace {

struct How {
  const char* kind;
  bool checkpoint;
};

class ClassifierMemory : public ::testing::TestWithParam<How> {};

// Nodes, records and the like, each in a multiple of 64 bytes: about three for each of a layer's
// two dozen operations; and keys, places and biases by distance, whose rows are few.
int64_t small_change(const arch::ModelInfo& info, int64_t tokens) {
  return (info.layers + 1) * 24 * 3 * 128 + tokens * 64 + 16 * info.heads * tokens;
}

TEST_P(ClassifierMemory, OfTrainingIsWhatTheArenaHeld) {
  train::TrainOptions options;
  options.checkpoint = GetParam().checkpoint;
  ClassifierRun run(GetParam().kind, options, {.dropout = 0.1, .own_dropout = 0.1});
  std::vector<train::TrainRow> rows;
  for (size_t i = 0; i < 60; ++i) rows.push_back(run.rows[i % 3]);
  train::StepRows all;
  for (size_t i = 0; i < rows.size(); ++i) all.push_back(int64_t(i));
  const train::TrainBatch batch = train::build_batch(rows, all, {.causal = false});
  const auto& info = run.session.model().info();
  const int64_t told = train::training_arena(
      run.session.model(), run.trained->adapter(), run.session.compute(), options.checkpoint,
      train::size_of_pass(info, batch.batch, int64_t(batch.predicting.size())));
  run.trainer->accumulate(batch, 0);
  const int64_t took = int64_t(run.worker.arena().peak());
  EXPECT_LE(took, told + small_change(info, batch.batch.size()));
  EXPECT_GE(double(took) * 1.15, double(told)) << "more than is needed";
}

INSTANTIATE_TEST_SUITE_P(Encoders, ClassifierMemory,
                         ::testing::Values(How{"bert", false}, How{"bert", true},
                                           How{"mpnet", false}, How{"roberta", true}),
                         [](const auto& test) {
  return std::string(test.param.kind) + (test.param.checkpoint ? "_again" : "");
});

// What all weights take in a step whatever its tokens, which decides where steps are small.
TEST(ClassifierEstimate, StepsMoveAllWeights) {
  ClassifierRun run("bert");
  std::vector<train::TrainRow> rows;
  for (size_t i = 0; i < 12; ++i) rows.push_back(run.rows[i % 3]);
  const auto moved = [&](const train::BatchOptions& batch, int64_t epochs) {
    const train::EstimateOptions options{.batch = batch, .epochs = epochs};
    return train::estimate(run.session.model(), *run.trained, DType::kF32, rows, options)
        .moved_bytes;
  };
  const train::BatchOptions one{.batch_tokens = 4096, .micro_tokens = 4096, .causal = false},
      each{.batch_tokens = 1, .micro_tokens = 1, .causal = false};
  const double step = moved(one, 1);
  EXPECT_GE(step, 36.0 * double(run.trained->values().size()));
  EXPECT_DOUBLE_EQ(moved(one, 3), 3 * step);
  EXPECT_DOUBLE_EQ(moved(each, 1), 12 * step);
  const train::BatchOptions micro{.batch_tokens = 4096, .micro_tokens = 1, .causal = false};
  EXPECT_GT(moved(micro, 1), step);
  EXPECT_LT(moved(micro, 1), 12 * step);
}

// All weights are counted once, and the classifier's gradient among the operations.
TEST(ClassifierEstimate, IsMadeForAnEncoder) {
  ClassifierRun run("bert");
  const train::Estimate needs = train::estimate(run.session.model(), *run.trained, DType::kF32,
                                                run.rows, {.batch = {.causal = false}});
  int64_t tokens = 0;
  for (const train::TrainRow& row : run.rows) tokens += int64_t(row.tokens.size());
  EXPECT_EQ(needs.tokens, tokens);
  EXPECT_GT(needs.flops, 0);
  EXPECT_EQ(needs.disk_bytes, int64_t(run.trained->values().size()) * 4 * 5);
  EXPECT_GT(needs.memory_bytes, int64_t(run.trained->values().size()) * 4 * 4);
}

}  // namespace
}  // namespace relatum::testing
