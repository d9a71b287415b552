// Holds what a pass is said to take from the arena to what it took.
#include "train/pass_memory.h"

#include <gtest/gtest.h>

#include "support/training.h"

namespace relatum::testing {
namespace {

struct How {
  bool resident, checkpoint, share;
  double dropout;
};

class PassMemory : public ::testing::TestWithParam<How> {};

// Nodes, records and the like, each in a multiple of 64 bytes: about three for each of a layer's
// dozen operations.
int64_t small_change(const arch::ModelInfo& info) { return (info.layers + 1) * 12 * 3 * 128; }

TEST_P(PassMemory, OfTrainingIsWhatTheArenaHeld) {
  const How how = GetParam();
  engine::SessionOptions session = plain_options();
  session.resident = how.resident;
  train::TrainOptions options;
  options.batch = {4096, 4096, how.share};
  options.checkpoint = how.checkpoint;
  TinyRun tiny(random_rows(40, random_tokens(30, 9)), options, session);
  train::Adapter adapter(tiny.session.model(), tiny.session.compute(),
                         {.rank = 6, .dropout = how.dropout}, 1);
  engine::Worker worker(tiny.session, &adapter.set());
  train::Trainer trainer(worker, adapter, tiny.rows, options);
  const train::TrainBatch batch = train::build_batch(tiny.rows, tiny.all(), how.share);
  const auto& info = tiny.session.model().info();
  const int64_t told = train::training_arena(
      tiny.session.model(), &adapter.set(), tiny.session.compute(), how.checkpoint,
      train::size_of_pass(info, batch.batch, int64_t(batch.targets.size())));
  trainer.accumulate(batch, 0);
  const int64_t took = int64_t(worker.arena().peak());
  EXPECT_LE(took, told + small_change(info));
  EXPECT_GE(double(took) * 1.05, double(told)) << "more than is needed";
}

INSTANTIATE_TEST_SUITE_P(Ways, PassMemory,
                         ::testing::Values(How{true, false, false, 0}, How{true, false, true, 0.1},
                                           How{true, true, false, 0.1},
                                           How{false, false, false, 0.1},
                                           How{false, true, true, 0}));

TEST(PassMemory, OfScoringIsWhatTheArenaHeld) {
  engine::Session session(fixture("llama/tied"), plain_options());
  nn::TokenBatch batch;
  const std::vector<int32_t> row = random_tokens(50, 3);
  for (int i = 0; i < 10; ++i) batch.append(batch.root(), row);
  batch.finish();
  const auto& info = session.model().info();
  const int64_t told = train::scoring_arena(session.model(), nullptr, session.compute(),
                                            train::size_of_rows(info, 500, 50));
  engine::Worker worker(session);
  nn::Graph graph = worker.graph();
  const nn::Var states = session.model().forward(graph, batch, {.rows = {}, .cache = {}});
  nn::for_each_logits(graph, *session.model().head(), graph.value(states),
                      [](int64_t, MatView<const float>) {});
  const int64_t took = int64_t(worker.arena().peak());
  EXPECT_LE(took, told + small_change(info));
  EXPECT_GE(double(took) * 1.05, double(told));
}

}  // namespace
}  // namespace relatum::testing
