// Holds what a pass is said to take from the arena to what it took.
#include "train/pass_memory.h"

#include <gtest/gtest.h>

#include "base/parallel_for.h"
#include "support/decoder_options.h"
#include "support/t5.h"
#include "support/training.h"

namespace relatum::testing {
namespace {

struct How {
  bool resident, checkpoint, share;
  double dropout;
  bool magnitudes = false;
  train::Start start = train::Start::kDefault;

  train::AdapterConfig config() const {
    train::AdapterConfig config{.rank = 6, .dropout = dropout};
    config.magnitudes = magnitudes;
    config.start = start;
    return config;
  }
};

// Tokens of T5's fixture.
std::vector<int32_t> small_tokens(int64_t count, uint64_t stream) {
  auto tokens = random_tokens(count, stream);
  for (int32_t& token : tokens) token = token % 50 + 4;
  return tokens;
}

// Tokens of the decoders' fixture.
std::vector<int32_t> random_row(int64_t count, uint64_t stream) {
  auto tokens = random_tokens(count, stream);
  for (int32_t& token : tokens) token = token % 90 + 3;
  return tokens;
}

// On two threads, whatever the machine has: each more needs room of its own.
class PassMemory : public ::testing::TestWithParam<How> {
 protected:
  void SetUp() override { set_thread_count(2); }
  void TearDown() override { set_thread_count(threads_); }

 private:
  int threads_ = thread_count();
};

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
  train::Adapter adapter(tiny.session.model(), tiny.session.compute(), how.config(), 1);
  engine::Worker worker(tiny.session, &adapter.set());
  train::Trainer trainer(worker, adapter, tiny.rows, options);
  const train::TrainBatch batch = train::build_batch(tiny.rows, tiny.all(), {.share = how.share});
  const auto& info = tiny.session.model().info();
  const int64_t told = train::training_arena(
      tiny.session.model(), &adapter.set(), tiny.session.compute(), how.checkpoint,
      train::size_of_pass(info, batch.batch, int64_t(batch.targets.size())));
  trainer.accumulate(batch, 0);
  const int64_t took = int64_t(worker.arena().peak());
  EXPECT_LE(took, told + small_change(info));
  EXPECT_GE(double(took) * 1.05, double(told)) << "more than is needed";
}

INSTANTIATE_TEST_SUITE_P(
    Ways, PassMemory,
    ::testing::Values(How{true, false, false, 0}, How{true, false, true, 0.1},
                      How{true, true, false, 0.1}, How{false, false, false, 0.1},
                      How{false, true, true, 0}, How{true, false, false, 0, true},
                      How{true, false, false, 0.1, true}, How{false, true, true, 0.1, true},
                      How{true, false, false, 0.1, false, train::Start::kPissa}));

// Families whose layers hold more than Llama's.
class FamilyPassMemory : public ::testing::TestWithParam<const char*> {};

TEST_P(FamilyPassMemory, OfTrainingIsWhatTheArenaHeld) {
  const OptionFolder folder(decoder_options().at(GetParam()));
  for (const bool checkpoint : {false, true}) {
    arch::LoadOptions options;
    const auto model = load(folder.path(), options);
    train::Adapter adapter(*model, DType::kF32, {.rank = 6}, 1);
    adapter.enable_training();
    nn::TokenBatch batch;
    for (int i = 0; i < 20; ++i) {
      batch.append(batch.root(), random_row(20 + i % 9, uint64_t(i)));
    }
    batch.finish();
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < 200; ++i) rows.push_back(2 * i);
    const auto& info = model->info();
    const int64_t told = train::training_arena(
        *model, &adapter.set(), DType::kF32, checkpoint,
        train::size_of_pass(info, batch, int64_t(rows.size())));
    Arena arena;
    nn::Graph graph(arena, DType::kF32, true);
    const nn::Var states = model->forward(
        graph, batch,
        {.rows = rows, .cache = {}, .adapter = &adapter.set(), .checkpoint = checkpoint});
    const std::vector<int32_t> targets(rows.size(), 7);
    nn::head_cross_entropy(graph, *model->head(), states, targets);
    graph.backward();
    const auto took = int64_t(arena.peak());
    EXPECT_LE(took, told + 2 * small_change(info));
    EXPECT_GE(double(took) * 1.05, double(told)) << "more than is needed";
  }
}

INSTANTIATE_TEST_SUITE_P(Families, FamilyPassMemory,
                         ::testing::Values("qwen2", "qwen3", "gemma3", "phi3"));

class EncodedPassMemory : public ::testing::TestWithParam<How> {};

TEST_P(EncodedPassMemory, OfTrainingIsWhatTheArenaHeld) {
  const How how = GetParam();
  engine::SessionOptions options = plain_options();
  options.resident = how.resident;
  const T5Folder folder(t5_options().at("gated_gelu"));
  engine::Session session(folder.path(), options);
  session.prepare_training();
  std::vector<train::TrainRow> rows;
  train::StepRows all;
  for (int64_t i = 0; i < 40; ++i) {
    const auto source = small_tokens(20 + i % 9, uint64_t(i)),
               target = small_tokens(2 + i % 4, uint64_t(90 + i));
    rows.push_back({joined(source, target), int64_t(source.size())});
    all.push_back(i);
  }
  train::Adapter adapter(session.model(), session.compute(), how.config(), 1);
  train::TrainOptions training;
  training.checkpoint = how.checkpoint;
  const auto& info = session.model().info();
  const train::TrainBatch batch = train::build_batch(rows, all, train::batches_of(info, {}));
  // Not every target is asked for, so that the last layer goes on with some rows.
  train::TrainBatch some = train::build_batch(rows, all, train::batches_of(info, {}));
  some.predicting.resize(30);
  some.targets.resize(30);
  const train::TrainBatch* const both[] = {&batch, &some};
  for (const train::TrainBatch* lesson : both) {
    const int64_t told = train::training_arena(
        session.model(), &adapter.set(), session.compute(), how.checkpoint,
        train::size_of_pass(info, lesson->batch, int64_t(lesson->targets.size())));
    engine::Worker fresh(session, &adapter.set());
    train::Trainer(fresh, adapter, rows, training).accumulate(*lesson, 0);
    const auto took = int64_t(fresh.arena().peak());
    EXPECT_LE(took, told + 3 * small_change(info));
    EXPECT_GE(double(took) * 1.05, double(told)) << "more than is needed";
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, EncodedPassMemory,
                         ::testing::Values(How{true, false, false, 0}, How{true, false, false, 0.1},
                                           How{true, true, false, 0.1},
                                           How{false, false, false, 0.1},
                                           How{false, true, false, 0},
                                           How{true, false, false, 0, true},
                                           How{true, true, false, 0.1, true}));

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
