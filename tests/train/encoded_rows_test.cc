// Training an encoder-decoder: PEFT's loss and gradients, its batches, and what it learns.
#include <gtest/gtest.h>

#include "support/sessions.h"
#include "support/shows.h"
#include "support/t5.h"
#include "train/peft.h"
#include "train/trainer.h"

namespace relatum::testing {
namespace {

std::vector<train::TrainRow> lesson_rows() {
  std::vector<train::TrainRow> rows;
  for (const T5Row& row : t5_rows()) {
    rows.push_back({joined(row.source, row.target), int64_t(row.source.size())});
  }
  return rows;
}

struct T5Run {
  T5Run(const std::string& option, const train::TrainOptions& options)
      : folder(t5_options().at(option)),
        adapter(train::load_peft(fixture("t5/lora/" + option), session.model(), session.compute())),
        trainer(worker, *adapter, rows, options) {
    session.prepare_training();
  }
  T5Folder folder;
  engine::Session session{folder.path(), plain_options()};
  std::vector<train::TrainRow> rows = lesson_rows();
  std::unique_ptr<train::Adapter> adapter;
  engine::Worker worker{session, &adapter->set()};
  train::Trainer trainer;
};

// Norms of the difference and of what was wanted.
double relative_distance(const Matrix<float>& got, const Matrix<float>& want) {
  double difference = 0, norm = 0;
  for (int64_t i = 0; i < want.view().size(); ++i) {
    const double a = double(got.view().data[i]), b = double(want.view().data[i]);
    difference += (a - b) * (a - b);
    norm += b * b;
  }
  return std::sqrt(difference / norm);
}

class EncodedRows : public ::testing::TestWithParam<std::tuple<std::string, bool>> {};

TEST_P(EncodedRows, LossAndEveryGradientAreThoseOfPeft) {
  const auto& [option, checkpoint] = GetParam();
  shows(row_of_t5(option), {"gradients", "adapter"});
  train::TrainOptions options;
  options.checkpoint = checkpoint;
  T5Run run(option, options);
  const auto file = io::Safetensors::open(fixture("t5/weights.safetensors"));
  int64_t tokens = 0;
  const nn::LossSum loss = run.trainer.accumulate({0, 1}, 0, tokens);
  EXPECT_EQ(tokens, 40 + 12 + 9 + 7);
  EXPECT_EQ(loss.count, 12 + 7);
  double want = 0;
  for (const char* number : {"0", "1"}) {
    const Matrix<float> log = read_matrix(file, "expected.lora." + option + "." + number);
    const auto target = read_ints(file, "target." + std::string(number));
    for (size_t i = 0; i < target.size(); ++i) want -= double(log.row(int64_t(i))[target[i]]);
  }
  EXPECT_NEAR(loss.sum, want, 1e-3);
  const double bound = 2 * gradient_bound(run.session.model());  // PEFT's are in f32, too
  for (const train::AdapterModule& m : run.adapter->modules()) {
    const auto grads = run.adapter->grads();
    const std::string name = "grad." + option + ".base_model.model." + m.name;
    const Matrix<float> want_a = read_matrix(file, name + ".lora_A.weight"),
                        want_b = read_matrix(file, name + ".lora_B.weight");
    Matrix<float> a(m.rank, m.in), b(m.out, m.rank);
    for (int64_t r = 0; r < m.rank; ++r) {
      for (int64_t i = 0; i < m.in; ++i) {
        a.row(r)[i] = grads[size_t(m.a_offset + r * m.in + i)] / float(loss.count);
      }
      for (int64_t i = 0; i < m.out; ++i) {
        b.row(i)[r] = grads[size_t(m.b_offset + r * m.out + i)] / float(loss.count);
      }
    }
    EXPECT_LT(relative_distance(a, want_a), bound) << name;
    EXPECT_LT(relative_distance(b, want_b), bound) << name;
  }
}

TEST(EncodedAdapter, IsWrittenAsPeftDoes) {
  for (const std::string option : {"first", "gated_gelu"}) {
    shows(row_of_t5(option), {"adapter"});
    const T5Run run(option, {});
    const TemporaryFolder out;
    train::save_peft(out.path(), *run.adapter, "t5");
    const auto folder = fixture("t5/lora/" + option);
    const auto theirs = io::Safetensors::open(folder / "adapter_model.safetensors"),
               ours = io::Safetensors::open(out.path() / "adapter_model.safetensors");
    ASSERT_EQ(ours.tensors().size(), theirs.tensors().size());
    for (const auto& tensor : theirs.tensors()) {
      EXPECT_TRUE(bit_equal(read_matrix(ours, tensor.name), read_matrix(theirs, tensor.name)));
    }
    EXPECT_EQ(io::load_json(out.path() / "adapter_config.json").at("task_type"), "SEQ_2_SEQ_LM");
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, EncodedRows,
                         ::testing::Combine(::testing::Values("first", "gated_gelu"),
                                            ::testing::Bool()),
                         [](const auto& test) {
  return std::get<0>(test.param) + (std::get<1>(test.param) ? "_checkpoint" : "_tape");
});

TEST(EncodedBatch, PromptsAreSourcesAndAnswersFollowTheStart) {
  const std::vector<train::TrainRow> rows{{{5, 6, 7, 1, 40, 41, 1}, 4}, {{8, 1, 42, 1}, 2}};
  const auto built = train::build_batch(rows, {0, 1}, {.decoder_start = 0});
  EXPECT_EQ(built.batch.tokens(), (std::vector<int32_t>{0, 40, 41, 0, 42}));
  EXPECT_EQ(built.batch.sources()->tokens(), (std::vector<int32_t>{5, 6, 7, 1, 8, 1}));
  EXPECT_EQ(built.predicting, (std::vector<int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(built.targets, (std::vector<int32_t>{40, 41, 1, 42, 1}));
}

TEST(EncodedBatch, LossFalls) {
  train::TrainOptions options;
  options.epochs = 30;
  options.learning_rate = 0.02;
  T5Run run("gated_gelu", options);
  double first = 0, last = 0;
  run.trainer.run({.on_step =
                       [&](const train::StepReport& report) {
    if (report.step == 1) first = report.loss;
    last = report.loss;
                   },
                   .evaluate = nullptr,
                   .state = {}},
                  {});
  EXPECT_LT(last, first / 2);
}

}  // namespace
}  // namespace relatum::testing
